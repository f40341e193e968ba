"""Parts of the study on the blinded dashboard: response patterns, data quality, sites.

A part is shown only when analysis.domain.disclosure lets it be: at least five people, and no smaller group left
when what is shown is taken from the total.
"""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.blinded.figures import StudyFigures
from analysis.blinded.proportion import Proportion, proportion
from analysis.domain.disclosure import MINIMUM, withheld
from analysis.domain.patterns import NONE, patterns
from analysis.outcomes.explain_text import pattern_label
from enrollment.protocol.model import WashoutRule

LISTED_PERIODS = 3


@dataclass(frozen=True, slots=True)
class PatternRow:
    pattern: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class ResponsePatterns:
    """Of `n` completers; `disclosed` once they are `minimum` or more."""

    n: int
    rows: tuple[PatternRow, ...]
    minimum: int = MINIMUM

    @property
    def disclosed(self) -> bool:
        return self.n >= self.minimum


def pattern_rows(figures: StudyFigures) -> ResponsePatterns:
    """Completers by response pattern. By period only; withheld while there are fewer than five completers."""
    numbers = [period.number for period in figures.periods]
    counted = dict(figures.patterns)
    listed = (
        patterns(numbers) if 0 < len(numbers) <= LISTED_PERIODS else [*sorted(set(counted) - {NONE}), NONE]
    )
    return ResponsePatterns(
        n=sum(counted.values()),
        rows=tuple(
            PatternRow(pattern, pattern_label(pattern, len(numbers)), counted.get(pattern, 0))
            for pattern in listed
        ),
    )


@dataclass(frozen=True, slots=True)
class QualityRow:
    """Data quality issues: `count` of `n`, and of what."""

    name: str
    count: int
    n: int
    of: str


def quality_rows(figures: StudyFigures, rule: WashoutRule | None) -> list[QualityRow]:
    return [
        *_rating_rows(figures),
        *_visit_rows(figures),
        *([_washout_row(figures, rule)] if rule else []),
        _query_row(figures),
        *_deviation_rows(figures),
    ]


def _rating_rows(figures: StudyFigures) -> list[QualityRow]:
    ratings, of = sum(site.ratings for site in figures.ratings), _("ratings")
    return [
        QualityRow(
            _("Ratings with items missing"), sum(site.items_missing for site in figures.ratings), ratings, of
        ),
        QualityRow(
            _("Ratings recorded as not done"), sum(site.not_done for site in figures.ratings), ratings, of
        ),
        QualityRow(
            _("Ratings not counted: dated on the wrong side of dosing"),
            sum(site.wrong_side for site in figures.ratings),
            ratings,
            of,
        ),
        QualityRow(
            _("Visits that took place without a rating"),
            sum(site.unrated for site in figures.ratings),
            sum(took_place for _site, took_place, _unsigned in figures.signatures),
            _("visits that took place"),
        ),
    ]


def _visit_rows(figures: StudyFigures) -> list[QualityRow]:
    states: Counter[str] = Counter()
    for _visit, _site, state, n in figures.timeliness:
        states[state] += n
    due, visits = states.total() - states["open"], _("visits due")
    return [
        QualityRow(_("Visits missed"), states["missed"], due, visits),
        QualityRow(_("Visits overdue"), states["overdue"], due, visits),
        QualityRow(_("Visits outside their window"), states["early"] + states["late"], due, visits),
        QualityRow(
            _("Visits without a valid signature"),
            sum(unsigned for _site, _took_place, unsigned in figures.signatures),
            sum(took_place for _site, took_place, _unsigned in figures.signatures),
            _("visits that took place"),
        ),
    ]


def _washout_row(figures: StudyFigures, rule: WashoutRule) -> QualityRow:
    outside = sum(n for days, n in figures.washouts if not rule.min_days <= days <= rule.max_days)
    return QualityRow(
        _("Washouts outside %(low)d to %(high)d days") % {"low": rule.min_days, "high": rule.max_days},
        outside,
        sum(n for _days, n in figures.washouts),
        _("completed washouts"),
    )


def _query_row(figures: StudyFigures) -> QualityRow:
    return QualityRow(
        _("Queries waiting for an answer"),
        sum(n for _site, status, n in figures.queries if status == "open"),
        sum(n for _site, _status, n in figures.queries),
        _("open queries"),
    )


def _deviation_rows(figures: StudyFigures) -> list[QualityRow]:
    """Of the whole study alone: by rule they would be a handful each."""
    total, of = sum(n for *_part, n in figures.deviations), _("deviations")
    waiting = sum(n for _site, _class, status, n in figures.deviations if status == "open")
    important = sum(n for _site, name, _status, n in figures.deviations if name == "important")
    return [
        QualityRow(_("Important deviations"), important, total, of),
        QualityRow(_("Deviations to review"), waiting, total, of),
    ]


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A row of the table of sites; `hidden`: its response is withheld."""

    name: str
    hidden: bool
    screened: int
    randomised: int
    under_way: int
    completed: int
    withdrawn: int
    completers: int
    in_window: int
    due: int
    items_missing: int
    ratings: int
    queries: int
    unsigned: int
    deviations: int
    response: Proportion


def site_rows(figures: StudyFigures, own: set[str]) -> list[SiteRow]:
    """The sites of `own`, then all sites. Response at a site only when the site may be shown apart."""
    hidden = withheld({site.site: site.participants for site in figures.sites})
    codes = [site.site for site in figures.sites]
    return [
        *(_site_row(figures, {code}, code, hidden=code in hidden) for code in codes if code in own),
        _site_row(figures, set(codes), _("All sites"), hidden=False),
    ]


def _site_row(figures: StudyFigures, codes: set[str], name: str, *, hidden: bool) -> SiteRow:
    """The figures of these sites together."""
    sites = [site for site in figures.sites if site.site in codes]
    ratings = [site for site in figures.ratings if site.site in codes]
    states: Counter[str] = Counter()
    for _visit, code, state, n in figures.timeliness:
        states[state] += n if code in codes else 0
    return SiteRow(
        name=name,
        hidden=hidden,
        screened=sum(site.screened for site in sites),
        randomised=sum(site.randomised for site in sites),
        under_way=sum(site.under_way for site in sites),
        completed=sum(site.completed for site in sites),
        withdrawn=sum(site.withdrawn for site in sites),
        completers=sum(site.completers for site in sites),
        in_window=states["in_window"],
        due=states.total() - states["open"],
        items_missing=sum(site.items_missing for site in ratings),
        ratings=sum(site.ratings for site in ratings),
        queries=sum(n for code, _status, n in figures.queries if code in codes),
        unsigned=sum(n for code, _took_place, n in figures.signatures if code in codes),
        deviations=sum(n for code, _class, _status, n in figures.deviations if code in codes),
        response=proportion(sum(site.responders for site in sites), sum(site.evaluable for site in sites)),
    )
