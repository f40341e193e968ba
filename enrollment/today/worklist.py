"""The work list: each row is one action with its reason, and opens exactly the place where it is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.domain import eligibility
from enrollment.domain.washout import WashoutWindow
from enrollment.halts.selectors import halted
from enrollment.models import Participant, Period, Visit
from enrollment.schedule.gate import washout_kept
from enrollment.schedule.text import deviation_of
from enrollment.selectors import facts_of, participants_at, periods_at, today_at, washouts_before
from enrollment.today.action import Action
from enrollment.today.supply import supply_actions
from trialsite.accounts.keyset import few
from trialsite.accounts.models import Site, Study, User
from trialsite.accounts.policy import sites_where

LIMIT = 50
TOLD_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class WorkColumn:
    """What is equally urgent: `groups` are the actions of each participant, the most urgent first; `n` counts what was
    found, of each kind no more than LIMIT and one; `more`: there may be more of it."""

    title: str
    groups: list[tuple[str, list[Action]]]
    n: int
    more: bool = False

    @property
    def actions(self) -> list[Action]:
        return [action for _participant, actions in self.groups for action in actions]


def worklist(user: User, study: Study, more: Iterable[Action] = ()) -> list[WorkColumn]:
    """Three columns by urgency: now (with `more`, which other rooms found), this week, waiting on others."""
    enters = sites_where(user, "schedule.plan", study)
    views = sites_where(user, "participant.view", study)
    confirms = sites_where(user, "eligibility.confirm", study)
    now, week = _visits(enters)
    waiting: list[Action] = []
    if not halted(study, "dosing"):
        for action, urgent in _dosings(enters):
            (now if urgent else week).append(action)
    for participant, verdict in _in_screening(views):
        mine = participant.site in (enters if verdict.unknown else confirms)
        (now if mine else waiting).append(_screening_action(participant, verdict, mine=mine))
    if not halted(study, "randomisation"):
        eligible = (
            participants_at(enters).filter(status=Participant.Status.ELIGIBLE).order_by("consented_on", "pk")
        )
        now += [_randomise_action(participant) for participant in few(eligible, LIMIT + 1)]
    now += supply_actions(user, study)
    now += more
    return [
        WorkColumn(title, _by_participant(actions), len(actions), len(actions) > LIMIT)
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
            site__in=list(sites_where(user, "participant.view", study)),
            unblinded_at__gte=timezone.now() - TOLD_FOR,
        )
        .select_related("site", "study")
        .order_by("-unblinded_at")
    )


def _visits(sites: QuerySet[Site]) -> tuple[list[Action], list[Action]]:
    """Those that are due, and those of the week that comes."""
    now: list[Action] = []
    week: list[Action] = []
    for site in sites:
        today = today_at(site)
        visits = (
            Visit.objects.still_due()
            .filter(
                participant__site=site,
                earliest_on__lte=today + timedelta(days=7),
                period__dosed_on__isnull=False,
            )
            .select_related("participant", "period")
            .order_by("latest_on", "pk")
        )
        for visit in few(visits, LIMIT + 1):
            if action := _visit_action(visit, today):
                (week if action.state == "planned" else now).append(action)
    return now, week


def _visit_action(visit: Visit, today: date) -> Action | None:
    """None of a visit without a window."""
    period, first, last = visit.period, visit.earliest_on, visit.latest_on
    if not (period and first and last):
        return None
    if last < today:
        state, urgency = "overdue", _("overdue: ")
    elif first <= today:
        state, urgency = "due", _("due: ")
    else:
        state, urgency = "planned", _("coming: ")
    window = _("window %(from)s – %(to)s") % {"from": date_format(first), "to": date_format(last)}
    return Action(
        participant=visit.participant.code,
        what=_("Period %(n)d, %(visit)s") % {"n": period.number, "visit": visit.label},
        why=urgency + window,
        url=reverse("visit", args=[visit.pk]),
        state=state,
        on=last,
    )


def _dosings(sites: QuerySet[Site]) -> list[tuple[Action, bool]]:
    """Dosings to give or to plan; urgent when the planned day has come or the washout is over."""
    actions = []
    next_ones = _next_periods(sites)
    windows = washouts_before(next_ones)
    for period in next_ones:
        action = _dosing_action(period, windows.get(period))
        if action:
            actions.append(action)
    return actions


def _next_periods(sites: QuerySet[Site]) -> list[Period]:
    """The next period of each who is followed: those planned, by their day, and those not planned yet, who has waited
    longest first; of either no more than LIMIT."""
    earlier = Period.objects.filter(
        participant=OuterRef("participant"), number__lt=OuterRef("number"), dosed_on=None
    )
    last = Period.objects.filter(participant=OuterRef("participant"), number=OuterRef("number") - 1)
    waiting = periods_at(sites).filter(
        ~Exists(earlier), dosed_on=None, participant__status=Participant.Status.RANDOMISED
    )
    since = Coalesce(Subquery(last.values("dosed_on")), TruncDate("participant__randomised_at"))
    return [
        *few(waiting.exclude(planned_on=None).order_by("planned_on", "pk"), LIMIT),
        *few(waiting.filter(planned_on=None).order_by(since, "pk"), LIMIT),
    ]


def _dosing_action(period: Period, window: WashoutWindow | None) -> tuple[Action, bool] | None:
    participant = period.participant
    today = today_at(participant.site)
    dosing = f"{participant.protocol.definition.dosing_label} {period.number}"
    if window and period.planned_on and not washout_kept(period, window, period.planned_on):
        what, why = _("Plan again: %(dosing)s") % {"dosing": dosing}, deviation_of(period, window)
        return Action(participant.code, what, why, reverse("plan", args=[period.pk]), "overdue", today), True
    if period.planned_on:
        if period.planned_on > today + timedelta(days=7):
            return None
        why = _("planned for %(day)s") % {"day": date_format(period.planned_on)}
        what = _("Record: %(dosing)s") % {"dosing": dosing}
        url = reverse("dosing", args=[period.pk])
        state = "overdue" if period.planned_on < today else "due"
        return Action(participant.code, what, why, url, state, period.planned_on), period.planned_on <= today
    what = _("Plan: %(dosing)s") % {"dosing": dosing}
    url = reverse("plan", args=[period.pk])
    if window is None:
        if period.number > 1:
            return None
        return Action(participant.code, what, _("randomised, no date yet"), url, "due", today), True
    why = _("possible from %(earliest)s, target %(target)s, no later than %(latest)s") % {
        "earliest": date_format(window.earliest_on),
        "target": date_format(window.target_on),
        "latest": date_format(window.latest_on),
    }
    state = "overdue" if window.latest_on < today else "due" if window.earliest_on <= today else "planned"
    return Action(participant.code, what, why, url, state, window.target_on), window.earliest_on <= today


def _in_screening(sites: QuerySet[Site]) -> list[tuple[Participant, eligibility.Verdict]]:
    screening = participants_at(sites).filter(status=Participant.Status.SCREENING)
    participants = few(screening.prefetch_related("facts").order_by("consented_on", "pk"), LIMIT + 1)
    return [
        (participant, eligibility.judge(participant.protocol.definition.criteria, facts_of(participant)))
        for participant in participants
    ]


def _screening_action(participant: Participant, verdict: eligibility.Verdict, *, mine: bool) -> Action:
    """Coordinators complete it while anything is unknown, then the investigator decides. `mine`: it opens where it is
    done; whoever only waits for it reads of it on the participant's page."""
    ready = not verdict.unknown
    name = "eligibility_confirm" if ready and mine else "participant"
    return Action(
        participant=participant.code,
        what=_("Confirm eligibility") if ready else _("Complete screening"),
        why=_("all criteria are known: %(verdict)s") % {"verdict": _(verdict.verdict)}
        if ready
        else _(verdict.headline) % verdict.headline_params,
        url=reverse(name, args=[participant.study.code, participant.code]),
        state="due",
        on=participant.consented_on,
    )


def _randomise_action(participant: Participant) -> Action:
    return Action(
        participant=participant.code,
        what=_("Randomise"),
        why=_("confirmed eligible"),
        url=reverse("participant", args=[participant.study.code, participant.code]),
        state="due",
        on=participant.consented_on,
    )
