"""The blinded figures of a study, as they are counted, stored and shown: over all arms and sequences, with denominators.

Stored as JSON with the name of their shape (trialsite/lib/codec.py): figures of another shape, which an upgrade leaves for
some seconds, are not shown and are counted again.
"""

from dataclasses import dataclass
from datetime import date

from analysis.domain.flow import StopRow
from trialsite.lib import codec


@dataclass(frozen=True, slots=True)
class PooledVisit:
    """Participant-periods evaluable at a visit, and responders and remitters among them; `primary`: of the endpoint."""

    visit: str
    label: str
    day: int
    primary: bool
    n: int
    responders: int
    remitters: int


@dataclass(frozen=True, slots=True)
class ResponseCourse:
    """Participant-periods with response; those of which it is `known` whether it lasted; sustained, and lost."""

    responders: int
    known: int
    sustained: int
    relapse: int


@dataclass(frozen=True, slots=True)
class Baselines:
    """`totals`: (period, total, participants); `differences`: (period 2 minus 1, participants), of those with both."""

    totals: tuple[tuple[int, int, int], ...]
    differences: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """Of a period: participants rated without a baseline."""

    number: int
    without_baseline: int


@dataclass(frozen=True, slots=True)
class SiteRatings:
    """Of a site: ratings, those with items missing, those recorded as not done, visits that took place without any rating
    (`unrated`), and ratings dated on the wrong side of their dose."""

    site: str
    ratings: int
    items_missing: int
    not_done: int
    unrated: int
    wrong_side: int


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """Participants of a site by their state: those before randomisation add up to `screened` with those after it, who add
    up to `randomised`. Completers; participant-periods that are evaluable, with responders and remitters among them;
    `participants`: those who stand under `evaluable`; `since`: when the first of them consented."""

    site: str
    screened: int
    randomised: int
    in_screening: int
    screen_failure: int
    withdrawn_before: int
    under_way: int
    completed: int
    withdrawn: int
    completers: int
    evaluable: int
    responders: int
    remitters: int
    participants: int
    since: date | None


@dataclass(frozen=True, slots=True)
class LookState:
    """A planned look, as blinded people may know it: at so many completers, or `on` a day; whether it is due."""

    number: int
    completers: int
    on: date | None
    due: bool


@dataclass(frozen=True, slots=True)
class StudyFigures:
    """Everything the blinded dashboard shows of a whole study.

    `flow`: as analysis/domain/flow.py has it. `patterns`: (response pattern, completers). `enrolment`: (day, participants
    randomised). `washouts`: (days, how many). `timeliness`: (visit code, site, state, visits). `queries`: (site, status,
    queries not closed). `signatures`: (site, visits that took place, those of them unsigned). `deviations`: (site, class,
    state, deviations), without those whose cause was corrected. `stay`: median days from randomisation to the last visit of
    those who completed the study.
    """

    planned: int
    screened: int
    screened_again: int
    randomised: int
    flow: tuple[StopRow, ...]
    periods: tuple[PeriodFigures, ...]
    completers: int
    patterns: tuple[tuple[str, int], ...]
    enrolment: tuple[tuple[date, int], ...]
    pooled: tuple[PooledVisit, ...]
    course: ResponseCourse
    baselines: Baselines
    washouts: tuple[tuple[int, int], ...]
    timeliness: tuple[tuple[str, str, str, int], ...]
    ratings: tuple[SiteRatings, ...]
    queries: tuple[tuple[str, str, int], ...]
    signatures: tuple[tuple[str, int, int], ...]
    deviations: tuple[tuple[str, str, str, int], ...]
    sites: tuple[SiteFigures, ...]
    looks: tuple[LookState, ...]
    stay: int | None


SHAPE = codec.shape_of(StudyFigures)
