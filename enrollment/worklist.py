"""The work list: each row is one action with its reason, and opens exactly the place where it is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.domain import eligibility
from enrollment.domain.washout import WashoutWindow
from enrollment.gate import kept
from enrollment.models import EnrollmentPause, Participant, Period, Visit
from enrollment.presenters import deviation_of
from enrollment.selectors import facts_of, participants_at, periods_at, today_at, washouts_before
from trialsite.accounts.models import Site, Study, User
from trialsite.accounts.policy import sites_where

LIMIT = 50
TOLD_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Action:
    """One row: who it is about, what to do, why now, and where."""

    participant: str
    what: str
    why: str
    url: str
    state: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """What is equally urgent: `groups` are the actions of each participant, the most urgent first; `n` counts those
    too that LIMIT leaves out."""

    title: str
    groups: list[tuple[str, list[Action]]]
    n: int

    @property
    def actions(self) -> list[Action]:
        return [action for _participant, actions in self.groups for action in actions]


def worklist(user: User, study: Study, more: Iterable[Action] = ()) -> list[Column]:
    """Three columns by urgency: now (with `more`, which other rooms found), this week, waiting on others."""
    enters = sites_where(user, "schedule.plan", study)
    views = sites_where(user, "participant.view", study)
    confirms = sites_where(user, "eligibility.confirm", study)
    now, week, waiting = _visits(enters)
    for action, urgent in _infusions(enters):
        (now if urgent else week).append(action)
    for person, verdict in _in_screening(views):
        mine = person.site in (enters if verdict.unknown else confirms)
        (now if mine else waiting).append(_screening_action(person, verdict, mine=mine))
    if not EnrollmentPause.objects.filter(study=study, lifted_at=None).exists():
        eligible = participants_at(enters).filter(status=Participant.Status.ELIGIBLE)
        now += [_randomise_action(person) for person in eligible]
    now += more
    return [
        Column(title, _by_participant(actions), len(actions))
        for title, actions in ((_("Now"), now), (_("This week"), week), (_("Waiting on others"), waiting))
    ]


def _by_participant(actions: list[Action]) -> list[tuple[str, list[Action]]]:
    groups: dict[str, list[Action]] = {}
    for action in sorted(actions, key=lambda action: (action.on or date.max, action.participant))[:LIMIT]:
        groups.setdefault(action.participant, []).append(action)
    return list(groups.items())


def unblinded_lately(user: User, study: Study) -> QuerySet[Participant]:
    """Whom `user` may see and who was unblinded in an emergency within TOLD_FOR: the others are told, never the arm."""
    return (
        Participant.objects.filter(
            site__in=sites_where(user, "participant.view", study),
            unblinded_at__gte=timezone.now() - TOLD_FOR,
        )
        .select_related("site", "study")
        .order_by("-unblinded_at")
    )


def _visits(sites: QuerySet[Site]) -> tuple[list[Action], list[Action], list[Action]]:
    now: list[Action] = []
    week: list[Action] = []
    waiting: list[Action] = []
    for site in sites:
        today = today_at(site)
        visits = (
            Visit.objects.open()
            .filter(
                participant__site=site,
                earliest_on__lte=today + timedelta(days=7),
                period__dosed_on__isnull=False,
            )
            .select_related("participant", "period")
            .order_by("latest_on")[:200]
        )
        for visit in visits:
            overdue = visit.latest_on < today  # type: ignore[operator]
            due = visit.earliest_on <= today  # type: ignore[operator]
            state = "overdue" if overdue else "due" if due else "planned"
            why = _("window %(from)s – %(to)s") % {
                "from": date_format(visit.earliest_on),  # type: ignore[arg-type]
                "to": date_format(visit.latest_on),  # type: ignore[arg-type]
            }
            action = Action(
                participant=visit.participant.code,
                what=_("Period %(n)d, %(visit)s") % {"n": visit.period.number, "visit": visit.label},  # type: ignore[union-attr]
                why=(_("overdue: ") if overdue else _("due: ") if due else _("coming: ")) + why,
                url=reverse("visit", args=[visit.pk]),
                state=state,
                on=visit.latest_on,
            )
            (now if due else week).append(action)
    return now, week, waiting


def _infusions(sites: QuerySet[Site]) -> list[tuple[Action, bool]]:
    """Infusions to give or to plan; urgent when the planned day has come or the washout is over."""
    found = []
    next_ones = (
        periods_at(sites)
        .filter(dosed_on=None, participant__status=Participant.Status.RANDOMISED)
        .order_by("participant_id", "number")
        .distinct("participant_id")
    )
    windows = washouts_before(next_ones)
    for period in next_ones:
        action = _infusion_action(period, windows.get(period))
        if action:
            found.append(action)
    return found


def _infusion_action(period: Period, window: WashoutWindow | None) -> tuple[Action, bool] | None:
    person = period.participant
    today = today_at(person.site)
    dosing = f"{person.protocol.rules.dosing_label} {period.number}"
    if window and period.planned_on and not kept(period, window, period.planned_on):
        what, why = _("Plan again: %(dosing)s") % {"dosing": dosing}, deviation_of(period, window)
        return Action(person.code, what, why, reverse("plan", args=[period.pk]), "overdue", today), True
    if period.planned_on:
        if period.planned_on > today + timedelta(days=7):
            return None
        why = _("planned for %(day)s") % {"day": date_format(period.planned_on)}
        what = _("Record: %(dosing)s") % {"dosing": dosing}
        url = reverse("dosing", args=[period.pk])
        state = "overdue" if period.planned_on < today else "due"
        return Action(person.code, what, why, url, state, period.planned_on), period.planned_on <= today
    what = _("Plan: %(dosing)s") % {"dosing": dosing}
    url = reverse("plan", args=[period.pk])
    if window is None:
        if period.number > 1:
            return None
        return Action(person.code, what, _("randomised, no date yet"), url, "due", today), True
    why = _("possible from %(earliest)s, target %(target)s, no later than %(latest)s") % {
        "earliest": date_format(window.earliest_on),
        "target": date_format(window.target_on),
        "latest": date_format(window.latest_on),
    }
    state = "overdue" if window.latest_on < today else "due" if window.earliest_on <= today else "planned"
    return Action(person.code, what, why, url, state, window.target_on), window.earliest_on <= today


def _in_screening(sites: QuerySet[Site]) -> list[tuple[Participant, eligibility.Verdict]]:
    people = (
        participants_at(sites).filter(status=Participant.Status.SCREENING).prefetch_related("facts")[:200]
    )
    return [(p, eligibility.judge(p.protocol.rules.criteria, facts_of(p))) for p in people]


def _screening_action(person: Participant, verdict: eligibility.Verdict, *, mine: bool) -> Action:
    """Coordinators complete it while anything is unknown, then the investigator decides. `mine`: it opens where it is
    done; whoever only waits for it reads of it on the participant's page."""
    ready = not verdict.unknown
    name = "eligibility_confirm" if ready and mine else "participant"
    return Action(
        participant=person.code,
        what=_("Confirm eligibility") if ready else _("Complete screening"),
        why=_("all criteria are known: %(verdict)s") % {"verdict": _(verdict.verdict)}
        if ready
        else _(verdict.headline) % verdict.headline_params,
        url=reverse(name, args=[person.study.code, person.code]),
        state="due",
        on=person.consented_on,
    )


def _randomise_action(person: Participant) -> Action:
    return Action(
        participant=person.code,
        what=_("Randomise"),
        why=_("confirmed eligible"),
        url=reverse("participant", args=[person.study.code, person.code]),
        state="due",
        on=person.consented_on,
    )
