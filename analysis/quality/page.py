"""Rating quality by rater and site: each pattern with what it is of. Blinded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.domain.rating_quality import Drift, RatedTotal, drift, repeated, straight_line
from analysis.quality.read import QualityRating, ratings_of
from assessments.domain.instrument import Implausible, Instrument
from assessments.selectors import instrument_of
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Site, Study

# The entry score and two points above it: who wants somebody in stops there.
BUNCH = 3
SCREENING = "SCREENING"


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `n`."""

    count: int
    n: int

    def __str__(self) -> str:
        return f"{self.count} / {self.n}" if self.n else "–"


@dataclass(frozen=True, slots=True)
class RaterRow:
    """One rater at one site; with an empty `rater` everybody there, with an empty `site` everybody."""

    site: str
    rater: str
    ratings: int
    straight: Share
    repeated: Share
    implausible: Share
    at_entry: Share | None
    drift: Drift | None


@dataclass(frozen=True, slots=True)
class InstrumentQuality:
    """`entry`: the scores that eligibility begins with, None where it does not ask for this instrument's total."""

    instrument: Instrument
    rules: tuple[Implausible, ...]
    entry: tuple[int, int] | None
    rows: tuple[RaterRow, ...]


def quality_of(study: Study, protocol: Protocol, sites: Sequence[Site]) -> list[InstrumentQuality]:
    """Of each instrument that `protocol` uses, at `sites`."""
    return [
        _instrument(study, protocol, instrument_of(protocol, use.code), sites) for use in protocol.instruments
    ]


def _instrument(
    study: Study, protocol: Protocol, instrument: Instrument, sites: Sequence[Site]
) -> InstrumentQuality:
    ratings = ratings_of(study, sites, instrument.code)
    entry = _entry_scores(protocol, instrument)
    by_rater: dict[tuple[str, str], list[QualityRating]] = {}
    for rating in ratings:
        by_rater.setdefault((rating.site, rating.rater), []).append(rating)
    totals = [
        RatedTotal(f"{rating.site} {rating.rater}", rating.visit, rating.total, order)
        for order, rating in enumerate(ratings)
        if rating.total is not None
    ]
    drifts = drift(totals)
    rows = [
        _row(site, rater, own, instrument, entry, drifts.get(f"{site} {rater}"))
        for (site, rater), own in sorted(by_rater.items())
    ]
    for site in sorted({site for site, _rater in by_rater}):
        rows.append(_row(site, "", [r for r in ratings if r.site == site], instrument, entry, None))
    if ratings:
        rows.append(_row("", "", ratings, instrument, entry, None))
    return InstrumentQuality(instrument, instrument.implausible, entry, tuple(rows))


def _entry_scores(protocol: Protocol, instrument: Instrument) -> tuple[int, int] | None:
    fact = f"{instrument.code.lower()}_total"
    least = next((c.minimum for c in protocol.criteria if c.fact == fact and c.minimum is not None), None)
    return None if least is None else (int(least), int(least) + BUNCH - 1)


def _row(
    site: str,
    rater: str,
    ratings: Sequence[QualityRating],
    instrument: Instrument,
    entry: tuple[int, int] | None,
    drifted: Drift | None,
) -> RaterRow:
    after = [rating for rating in ratings if rating.before is not None]
    judged = [
        rating for rating in ratings if any(rule.concerns(rating.items) for rule in instrument.implausible)
    ]
    return RaterRow(
        site=site,
        rater=rater,
        ratings=len(ratings),
        straight=Share(sum(straight_line(rating.items) for rating in ratings), len(ratings)),
        repeated=Share(sum(repeated(rating.before or {}, rating.items) for rating in after), len(after)),
        implausible=Share(
            sum(any(rule.holds(rating.items) for rule in instrument.implausible) for rating in judged),
            len(judged),
        ),
        at_entry=_at_entry(ratings, entry),
        drift=drifted,
    )


def _at_entry(ratings: Iterable[QualityRating], entry: tuple[int, int] | None) -> Share | None:
    """Screening totals in the first points that let somebody in, of all screening totals."""
    if entry is None:
        return None
    totals = [r.total for r in ratings if r.visit == SCREENING and r.total is not None]
    return Share(sum(entry[0] <= total <= entry[1] for total in totals), len(totals))


def csv_rows(quality: Iterable[InstrumentQuality]) -> Iterable[list[object]]:
    """A line a row of the page, counts and denominators apart."""
    for part in quality:
        for row in part.rows:
            entry, drifted = row.at_entry or Share(0, 0), row.drift or Drift(0, None, None)
            yield [
                part.instrument.code, row.site or _("all"), row.rater or _("all"), row.ratings,
                row.straight.count, row.repeated.count, row.repeated.n, row.implausible.count, row.implausible.n,
                entry.count, entry.n, drifted.n, _figure(drifted.difference), _figure(drifted.change),
            ]  # fmt: skip


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


COLUMNS = (
    "instrument", "site", "rater", "ratings", "straight_lines", "repeated", "repeated_of", "implausible",
    "implausible_of", "at_entry_score", "at_entry_score_of", "compared_totals", "difference_from_others",
    "change_of_difference",
)  # fmt: skip
