"""What the blinded dashboard shows. It reads stored outcomes and figures; nothing is derived here but proportions."""

from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from analysis.blinded.figures import SHAPE, PooledVisit, ResponseCourse, StudyFigures
from analysis.blinded.proportion import Proportion, proportion
from analysis.dashboard.forecast import Forecast, forecast_of
from analysis.dashboard.parts import (
    QualityRow,
    ResponsePatterns,
    SiteRow,
    pattern_rows,
    quality_rows,
    site_rows,
)
from analysis.dashboard.trajectory_filter import EVERYBODY, TrajectorySelection
from analysis.domain.response import later_visits
from analysis.interim_data import look_sentence
from analysis.models import Outcome, StudySummary
from analysis.outcomes.rules import outcome_rules, rules_in_force, rules_waiting
from assessments.rating.second import withheld_from
from enrollment.domain.disposition import RANDOMISED
from enrollment.models import Participant, ProtocolVersion, Visit
from enrollment.protocol.model import Protocol
from trialsite.accounts.keyset import Page, SortKey, page_of
from trialsite.accounts.models import Site, Study, User
from trialsite.lib import codec

TRAJECTORIES = 40
_LAST_FIRST = SortKey("randomised_at", descending=True), SortKey("pk", descending=True)


def serial_of(study: Study) -> int:
    """Grows with every computation of the study's figures: 0 before the first."""
    return StudySummary.objects.filter(study=study).values_list("serial", flat=True).first() or 0


@dataclass(frozen=True, slots=True)
class HeadlineFigure:
    """A figure of the head of the page: a `value` or a `proportion`, and what it is of."""

    name: str
    of: str
    value: int | None = None
    proportion: Proportion | None = None


@dataclass(frozen=True, slots=True)
class PooledRow:
    """Response and remission at a visit."""

    label: str
    response: Proportion
    remission: Proportion


@dataclass(frozen=True, slots=True)
class CourseRow:
    """What became of responses: a share and what it is of, or why this protocol defines none (`undefined`)."""

    name: str
    proportion: Proportion | None = None
    of: str = ""
    undefined: str = ""


@dataclass(frozen=True, slots=True)
class PeriodTrajectory:
    """An outcome; by visit code the day on which the visit took place; and the visits `outside` their window."""

    outcome: Outcome
    days: dict[str, int]
    outside: frozenset[str]


@dataclass(frozen=True, slots=True)
class ParticipantTrajectory:
    participant: Participant
    periods: tuple[PeriodTrajectory, ...]


@dataclass(frozen=True, slots=True)
class DashboardFigures:
    """What the page shows once there are figures. `patterns` and below: of the study; the rows of sites and the
    trajectories: of those that the reader may see. `withheld`: participants of the page whom the reader is to rate yet."""

    summary: StudySummary
    figures: StudyFigures
    headline: list[HeadlineFigure]
    pooled: list[PooledRow]
    patterns: ResponsePatterns
    course: list[CourseRow]
    quality: list[QualityRow]
    by_site: list[SiteRow]
    forecast: Forecast
    look: str
    participants: Page[Participant]
    withheld: int
    trajectories: list[ParticipantTrajectory]


@dataclass(frozen=True, slots=True)
class DashboardPage:
    """`protocol`: the latest; `in_force`, `waiting`: whose outcome rules hold, and whose wait to be adopted; `content`:
    None before the first figures."""

    study: Study
    protocol: Protocol
    in_force: ProtocolVersion
    waiting: ProtocolVersion | None
    serial: int
    selection: TrajectorySelection
    content: DashboardFigures | None


def dashboard_page(
    study: Study,
    sites: QuerySet[Site],
    selection: TrajectorySelection = EVERYBODY,
    *,
    reader: User | None = None,
) -> DashboardPage:
    """The blinded dashboard: the study's pooled figures, and what is shown of `sites` alone: their rows of the table,
    and the trajectories of those of their participants whom `selection` names, but for those whom `reader` is to rate
    yet; None: whoever it comes to."""
    summary = StudySummary.objects.filter(study=study).first()
    figures = _stored(summary)
    page = DashboardPage(
        study=study,
        protocol=study.protocols.latest().definition,
        in_force=rules_in_force(study),
        waiting=rules_waiting(study),
        serial=summary.serial if summary else 0,
        selection=selection,
        content=None,
    )
    if summary is None or figures is None:
        return page
    return replace(page, content=_content(page, summary, figures, sites, reader))


def _content(
    page: DashboardPage,
    summary: StudySummary,
    figures: StudyFigures,
    sites: QuerySet[Site],
    reader: User | None,
) -> DashboardFigures:
    mine = set(sites.values_list("code", flat=True))
    listed = _participants(page.study, sites, page.selection)
    withheld = withheld_from(reader, listed.rows)
    participants = replace(listed, rows=[row for row in listed.rows if row.pk not in withheld])
    return DashboardFigures(
        summary=summary,
        figures=figures,
        headline=_headline(figures),
        pooled=[_with_intervals(row) for row in figures.pooled],
        patterns=pattern_rows(figures),
        course=_course(figures.course, page.in_force),
        quality=quality_rows(figures, page.protocol.washout),
        by_site=site_rows(figures, mine),
        forecast=forecast_of(page.study, figures, mine),
        look=look_sentence(page.study, figures.looks, figures.completers),
        participants=participants,
        withheld=len(withheld),
        trajectories=_trajectories(participants),
    )


def _stored(summary: StudySummary | None) -> StudyFigures | None:
    """None before the first figures, and while they are those of an earlier version."""
    if summary is None or summary.shape != SHAPE:
        return None
    return codec.decode(StudyFigures, summary.figures)


def _headline(figures: StudyFigures) -> list[HeadlineFigure]:
    nothing = PooledVisit("", "", 0, True, 0, 0, 0)
    primary = next((visit for visit in figures.pooled if visit.primary), nothing)
    response, remission = (proportion(n, primary.n) for n in (primary.responders, primary.remitters))
    pooled = _("participant-periods, all treatments pooled")
    completers = _("of %(n)d randomised; evaluable in every period") % {"n": figures.randomised}
    visit = {"visit": primary.label}
    return [
        HeadlineFigure(_("Randomised"), _states(figures), figures.randomised),
        HeadlineFigure(_("Completers"), completers, figures.completers),
        HeadlineFigure(_("Response, %(visit)s") % visit, pooled, proportion=response),
        HeadlineFigure(_("Remission, %(visit)s") % visit, pooled, proportion=remission),
    ]


def _states(figures: StudyFigures) -> str:
    """Where those who were randomised stand: the three add up to them."""
    counts: dict[str, int] = {
        state: sum(getattr(site, state) for site in figures.sites) for state in RANDOMISED
    }
    return _(
        "of %(n)d planned; %(under_way)d under way, %(completed)d completed, %(withdrawn)d withdrawn"
    ) % (counts | {"n": figures.planned})


def _with_intervals(visit: PooledVisit) -> PooledRow:
    return PooledRow(visit.label, proportion(visit.responders, visit.n), proportion(visit.remitters, visit.n))


def _course(course: ResponseCourse, protocol: ProtocolVersion) -> list[CourseRow]:
    """What became of the responses: shares of the responding participant-periods in which it is known; where no visit
    follows the primary one, neither is defined."""
    sustained, relapse = _("Response sustained to the last visit"), _("Relapse")
    if not later_visits(outcome_rules(protocol)):
        primary = protocol.definition.visit(protocol.definition.endpoints.primary_visit)
        reason = _("not defined by this protocol: no visit follows %(visit)s") % {"visit": primary.label}
        return [CourseRow(name, undefined=reason) for name in (sustained, relapse)]
    of = _("of %(all)d responding participant-periods, those in which it is known") % {
        "all": course.responders
    }
    return [
        CourseRow(sustained, proportion(course.sustained, course.known), of),
        CourseRow(relapse, proportion(course.relapse, course.known), of),
    ]


def _participants(study: Study, sites: QuerySet[Site], selection: TrajectorySelection) -> Page[Participant]:
    """Participants with outcomes at `sites`, a page of them, those randomised last first, and whose lines are lit."""
    participants = Participant.objects.randomised().filter(
        study=study, site__in=list(sites), overall__isnull=False
    )
    if selection.site:
        participants = participants.filter(site__code=selection.site)
    if selection.completers:
        participants = participants.filter(overall__completer=True)
    page = page_of(participants, _LAST_FIRST, selection.after, TRAJECTORIES)
    lit = participants.filter(code=selection.participant).first() if selection.participant else None
    return page if lit is None or lit in page.rows else replace(page, rows=[lit, *page.rows])


def _trajectories(page: Page[Participant]) -> list[ParticipantTrajectory]:
    """Each participant of the page with outcomes and visit days by period, in the order of codes."""
    participants = page.rows
    outcomes: dict[int, list[Outcome]] = {participant.pk: [] for participant in participants}
    for outcome in Outcome.objects.filter(participant__in=participants).order_by("period"):
        outcomes[outcome.participant_id].append(outcome)
    visits: dict[tuple[int, int], list[Visit]] = {}
    done = Visit.objects.filter(
        participant__in=participants, period__dosed_on__isnull=False, performed_on__isnull=False
    )
    for visit in done.select_related("period"):
        if visit.period:
            visits.setdefault((visit.participant_id, visit.period.number), []).append(visit)
    return [
        ParticipantTrajectory(
            participant,
            tuple(
                _period_trajectory(outcome, visits.get((participant.pk, outcome.period), []))
                for outcome in outcomes[participant.pk]
            ),
        )
        for participant in sorted(participants, key=lambda participant: participant.code)
    ]


def _period_trajectory(outcome: Outcome, visits: list[Visit]) -> PeriodTrajectory:
    return PeriodTrajectory(
        outcome,
        days={
            visit.code: (visit.performed_on - visit.period.dosed_on).days
            for visit in visits
            if visit.performed_on and visit.period and visit.period.dosed_on
        },
        outside=frozenset(visit.code for visit in visits if visit.deviation()),
    )
