"""What is wrong with a row, held against the study and its protocol."""

from collections.abc import Iterator, Mapping

from assessments.domain.entry import (
    AssessmentContent,
    AssessmentEntry,
    content_of,
    date_problems,
    item_problems,
)
from assessments.domain.longform import ImportProblem, ImportRow
from assessments.importing.saved import SavedRating
from assessments.selectors import instrument_of
from enrollment.models import Visit
from enrollment.protocol.model import Protocol
from enrollment.selectors import today_at
from trialsite.accounts.models import Study

LONGEST_CODE = 20
NOT_RECORDED = "not_recorded"


class Checks:
    """The checks of one import. `enrols`: whether it may enrol participants who are not known."""

    def __init__(self, study: Study, protocol: Protocol, *, enrols: bool) -> None:
        self.protocol = protocol
        self.enrols = enrols
        self.today = {site.code: today_at(site) for site in study.sites.all()}
        self.visits = {visit.code for visit in protocol.visits}
        self.uses = {use.code: use for use in protocol.instruments}
        self.instruments = {code: instrument_of(protocol, code) for code in self.uses}

    def problems(self, row: ImportRow, saved: SavedRating, site: str | None) -> Iterator[ImportProblem]:
        """Everything that is wrong with `row`. `site`: of its participant, None while nobody said."""
        yield from self._place(row, saved)
        yield from self._participant(row, saved, site)
        if row.instrument not in self.uses:
            message = f"no such instrument; expected {', '.join(self.uses)}"
            yield ImportProblem(row.line, "instrument", row.instrument, message)
        elif not row.is_missing:
            yield from self._values(row)

    def entry(self, row: ImportRow, saved: Mapping[str, str]) -> AssessmentEntry:
        """What the file says, with the reason for each item without a value: the file's, else the one that is `saved`,
        else that none is recorded."""
        missing = {}
        if row.items and len(row.items) < len(self.instruments[row.instrument].groups):
            for group in self.instruments[row.instrument].groups:
                codes = [item.code for item in group]
                if not any(code in row.items for code in codes):
                    code = next((code for code in codes if code in row.missing), None)
                    code = code or next((code for code in codes if code in saved), codes[0])
                    missing[code] = row.missing.get(code) or saved.get(code) or NOT_RECORDED
        return AssessmentEntry(items=row.items, missing=missing, performed_on=row.on, total=row.total)

    def content(self, row: ImportRow, saved: Mapping[str, str]) -> AssessmentContent:
        return content_of(self.instruments[row.instrument], self.entry(row, saved))

    def _place(self, row: ImportRow, saved: SavedRating) -> Iterator[ImportProblem]:
        """Where and when: site, period, visit, date."""
        if row.site not in self.today:
            yield ImportProblem(
                row.line, "site", row.site, f"no such site; the sites are {', '.join(self.today)}"
            )
        elif row.on:
            for problem in date_problems(row.on, today=self.today[row.site], consented_on=saved.consented_on):
                yield ImportProblem(row.line, "date", row.on.isoformat(), problem.message)
        periods = len(self.protocol.periods)
        if not 1 <= row.period <= periods:
            yield ImportProblem(row.line, "period", str(row.period), f"periods go from 1 to {periods}")
        if row.visit not in self.visits:
            message = (
                f"no such visit; the visits are {', '.join(visit.code for visit in self.protocol.visits)}"
            )
            yield ImportProblem(row.line, "visit", row.visit, message)

    def _participant(self, row: ImportRow, saved: SavedRating, site: str | None) -> Iterator[ImportProblem]:
        """Who: known or to be enrolled, of this site, consented, and not message to have missed the visit."""
        if saved.participant is None and not self.enrols:
            yield ImportProblem(row.line, "participant", row.participant, self._unknown())
        elif saved.participant is None and (len(row.participant) > LONGEST_CODE or "/" in row.participant):
            message = f"a participant's code has at most {LONGEST_CODE} characters, without “/”"
            yield ImportProblem(row.line, "participant", row.participant, message)
        elif site not in (None, row.site) and row.site in self.today:
            yield ImportProblem(row.line, "site", row.site, f"this participant is of site {site}")
        if saved.visit_status == Visit.Status.MISSED and not row.is_missing:
            yield ImportProblem(
                row.line, "visit", row.visit, "this visit is marked as missed; mark it as not missed first"
            )

    def _unknown(self) -> str:
        if self.protocol.allocation is None:
            return "no such participant in this study, and this import enrols nobody (--create-participants)"
        return "no such participant in this study; screen and randomise them first"

    def _values(self, row: ImportRow) -> Iterator[ImportProblem]:
        instrument = self.instruments[row.instrument]
        if not row.items:
            text = str(row.total)
            if not self.uses[row.instrument].totals_only:
                yield ImportProblem(
                    row.line, "total", text, "this protocol needs the items, not a total alone"
                )
            if row.total is not None and row.total > instrument.total_maximum:
                yield ImportProblem(
                    row.line, "total", text, f"totals go from 0 to {instrument.total_maximum}"
                )
            return
        entry = self.entry(row, {})
        for problem in item_problems(instrument, entry):
            value = row.items.get(problem.name)
            message = problem.message % problem.params
            yield ImportProblem(row.line, problem.name, "" if value is None else str(value), message)
        if row.total is not None and row.total != (total := content_of(instrument, entry).total):
            message = "some items are missing" if total is None else f"the items add up to {total}"
            yield ImportProblem(row.line, "total", str(row.total), message)
