"""What is wrong with a row, held against the study and its protocol."""

from collections.abc import Iterator, Mapping

from assessments.domain import instrument as rules
from assessments.domain.longform import Problem, Row
from assessments.importing.saved import Saved
from assessments.selectors import instrument_of
from enrollment.domain.protocol import Protocol
from enrollment.models import Visit
from enrollment.selectors import today_at
from trialsite.accounts.models import Study

LONGEST_CODE = 20


class Checks:
    """The checks of one import. `enrols`: whether it may enrol participants who are not known."""

    def __init__(self, study: Study, protocol: Protocol, *, enrols: bool) -> None:
        self.protocol = protocol
        self.enrols = enrols
        self.today = {site.code: today_at(site) for site in study.sites.all()}
        self.visits = {visit.code for visit in protocol.visits}
        self.uses = {use.code: use for use in protocol.instruments}
        self.instruments = {code: instrument_of(protocol, code) for code in self.uses}

    def problems(self, row: Row, saved: Saved, site: str | None) -> Iterator[Problem]:
        """Everything that is wrong with `row`. `site`: of its participant, None while nobody said."""
        yield from self._place(row)
        yield from self._person(row, saved, site)
        if row.instrument not in self.uses:
            said = f"no such instrument; expected {', '.join(self.uses)}"
            yield Problem(row.line, "instrument", row.instrument, said)
        elif not row.is_missing:
            yield from self._values(row)

    def total(self, row: Row) -> int | None:
        if not row.items:
            return row.total
        return rules.score(self.instruments[row.instrument], row.items).total

    def missing(self, row: Row, saved: Mapping[str, str]) -> dict[str, str]:
        """Why each item without a value has none: as the file says, else as is `saved`, else that nothing does."""
        if not row.items:
            return {}
        found = {}
        for group in self.instruments[row.instrument].groups:
            if not any(item.code in row.items for item in group):
                known = {**saved, **row.missing}
                code = next((item.code for item in group if item.code in row.missing), None)
                code = code or next((item.code for item in group if item.code in saved), group[0].code)
                found[code] = known.get(code, "not_recorded")
        return found

    def _place(self, row: Row) -> Iterator[Problem]:
        """Where and when: site, period, visit, date."""
        if row.site not in self.today:
            yield Problem(row.line, "site", row.site, f"no such site; the sites are {', '.join(self.today)}")
        elif row.on and row.on > self.today[row.site]:
            yield Problem(row.line, "date", row.on.isoformat(), "this date lies in the future")
        periods = len(self.protocol.periods)
        if not 1 <= row.period <= periods:
            yield Problem(row.line, "period", str(row.period), f"periods go from 1 to {periods}")
        if row.visit not in self.visits:
            said = f"no such visit; the visits are {', '.join(visit.code for visit in self.protocol.visits)}"
            yield Problem(row.line, "visit", row.visit, said)

    def _person(self, row: Row, saved: Saved, site: str | None) -> Iterator[Problem]:
        """Who: known or to be enrolled, of this site, consented, and not said to have missed the visit."""
        if saved.person is None and not self.enrols:
            yield Problem(row.line, "participant", row.participant, self._unknown())
        elif saved.person is None and (len(row.participant) > LONGEST_CODE or "/" in row.participant):
            said = f"a participant's code has at most {LONGEST_CODE} characters, without “/”"
            yield Problem(row.line, "participant", row.participant, said)
        elif site not in (None, row.site) and row.site in self.today:
            yield Problem(row.line, "site", row.site, f"this participant is of site {site}")
        if saved.consented_on and row.on and row.on < saved.consented_on:
            yield Problem(row.line, "date", row.on.isoformat(), "this date lies before the consent date")
        if saved.visit_status == Visit.Status.MISSED and not row.is_missing:
            yield Problem(
                row.line, "visit", row.visit, "this visit is marked as missed; take that back first"
            )

    def _unknown(self) -> str:
        if self.protocol.allocation is None:
            return "no such participant in this study; --create-participants enrols those of the file"
        return "no such participant in this study; screen and randomise them first"

    def _values(self, row: Row) -> Iterator[Problem]:
        instrument = self.instruments[row.instrument]
        if not row.items:
            text = str(row.total)
            if not self.uses[row.instrument].totals_only:
                yield Problem(row.line, "total", text, "this protocol needs the items, not a total alone")
            if row.total is not None and row.total > instrument.total_maximum:
                yield Problem(row.line, "total", text, f"totals go from 0 to {instrument.total_maximum}")
            return
        for problem in rules.problems(instrument, row.items, self.missing(row, {})):
            value = row.items.get(problem.item)
            said = problem.message % problem.params
            yield Problem(row.line, problem.item, "" if value is None else str(value), said)
        total = self.total(row)
        if row.total is not None and row.total != total:
            said = "some items are missing" if total is None else f"the items add up to {total}"
            yield Problem(row.line, "total", str(row.total), said)
