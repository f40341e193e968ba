"""What pages of a participant show, put together from the record and the pure rules."""

from collections.abc import Container, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enrollment import strip
from enrollment.domain import eligibility, schedule, washout
from enrollment.domain.protocol import Criterion
from enrollment.facts import COMPLETE, COUNT
from enrollment.models import Participant, Period, Visit
from enrollment.selectors import dates_of, facts_of, today_at, washout_before
from enrollment.strip_types import State
from trialsite.accounts.models import User
from trialsite.accounts.policy import POLICY, roles_for

FOLLOWED = {Participant.Status.RANDOMISED, Participant.Status.COMPLETED}


def state_of(visit: Visit, today: date) -> schedule.VisitState:
    """The visit's state as its tick shows it."""
    if visit.status == Visit.Status.DONE and not (visit.earliest_on and visit.latest_on):
        return "done"
    if visit.status == Visit.Status.MISSED:
        return "missed"
    if not (visit.earliest_on and visit.latest_on):
        return "planned"
    return schedule.visit_state(visit.earliest_on, visit.latest_on, visit.performed_on, False, today)


def strips_of(participants: Iterable[Participant]) -> list[tuple[Participant, strip.Strip]]:
    """Strips of a whole list, in four queries however long it is."""
    people = list(participants)
    prefetch_related_objects(people, "periods", "visits", "signatures")
    return [(person, strip_of(person)) for person in people]


def strip_of(participant: Participant) -> strip.Strip:
    """The crossover strip of `participant`. Says nothing of treatment."""
    today = today_at(participant.site)
    visits = list(participant.visits.all())
    periods = sorted(participant.periods.all(), key=lambda period: period.number)
    screening = next((visit for visit in visits if visit.period_id is None), None)
    signed = {one.visit_id for one in participant.signatures.all() if one.voided_at is None}
    return strip.build(
        strip.StripInput(
            participant_code=participant.code,
            dosing_label=participant.protocol.rules.dosing_label,
            screening_on=participant.consented_on,
            screening_state=_shown(screening, today, signed) if screening else "planned",
            periods=tuple(
                strip.StripPeriod(
                    number=period.number,
                    dosed_on=period.dosed_on,
                    planned_on=period.planned_on,
                    visits=tuple(
                        _tick(visit, today, signed)
                        for visit in sorted(visits, key=lambda v: v.day or 0)
                        if visit.period_id == period.pk
                    ),
                )
                for period in periods
            ),
            washouts=tuple(_washouts(participant, periods, visits)),
            today=today,
        )
    )


def _shown(visit: Visit, today: date, signed: Container[int | None]) -> State:
    """As the tick shows it: a deviation is worth more attention than a signature."""
    state = state_of(visit, today)
    return "signed" if state == "done" and visit.pk in signed else state


def _tick(visit: Visit, today: date, signed: Container[int | None]) -> strip.StripVisit:
    return strip.StripVisit(
        code=visit.code,
        label=visit.label,
        day=visit.day or 0,
        planned_on=visit.planned_on,
        earliest_on=visit.earliest_on,
        latest_on=visit.latest_on,
        performed_on=visit.performed_on,
        state=_shown(visit, today, signed),
        url=reverse("visit", args=[visit.pk]),
    )


def _washouts(
    participant: Participant, periods: list[Period], visits: list[Visit]
) -> Iterable[strip.StripWashout]:
    rule = participant.protocol.rules.washout
    if rule is None:
        return
    for period in periods[:-1]:
        mine = [visit for visit in visits if visit.period_id == period.pk]
        if window := washout.window(rule, dates_of(period, mine)):
            yield strip.StripWashout(
                after_period=period.number,
                earliest_on=window.earliest_on,
                target_on=window.target_on,
                latest_on=window.latest_on,
                certain=window.anchor.certain,
            )


def washout_sentence(period: Period, window: washout.WashoutWindow | None) -> str:
    """ "Infusion 2 is possible from 23 Mar 2026, target 11 Apr 2026, no later than 11 May 2026." and, while the days
    hang on a visit that is to come, from what they are counted."""
    if period.number == 1:
        return ""
    dosing = f"{period.participant.protocol.rules.dosing_label} {period.number}"
    if window is None:
        return _("When %(dosing)s is possible is not known yet: the period before has no date.") % {
            "dosing": dosing
        }
    sentence = _("%(dosing)s is possible from %(earliest)s, target %(target)s, no later than %(latest)s.") % {
        "dosing": dosing,
        "earliest": date_format(window.earliest_on),
        "target": date_format(window.target_on),
        "latest": date_format(window.latest_on),
    }
    return sentence if window.anchor.certain else f"{sentence} {_from_the_plan(period, window)}"


def _from_the_plan(period: Period, window: washout.WashoutWindow) -> str:
    rules = period.participant.protocol.rules
    counted_from = (
        f"{rules.dosing_label} {period.number - 1}"
        if rules.washout and rules.washout.anchor == "dosing"
        else _("the last visit of period %(n)d") % {"n": period.number - 1}
    )
    return _("From the plan: %(from)s is planned for %(day)s, and these days move with it.") % {
        "from": counted_from,
        "day": date_format(window.anchor.on),
    }


WHY = {
    "too_early": gettext_lazy("Before the washout minimum, or before the last visit of the period before"),
    "possible": gettext_lazy("Possible"),
    "target": gettext_lazy("Target day"),
    "late": gettext_lazy("After the longest interval"),
}


def possible_days(period: Period, window: washout.WashoutWindow) -> list[list[dict[str, Any]]]:
    """Weeks (Monday first) around the washout window: each day with why it is or is not possible."""
    start = window.earliest_on - timedelta(days=7 + window.earliest_on.weekday())
    end = window.latest_on + timedelta(days=7)
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    days += [days[-1] + timedelta(days=n) for n in range(1, 7 - days[-1].weekday())]
    cells = [
        {
            "day": day,
            "verdict": washout.judge(window, day),
            "why": WHY[washout.judge(window, day)],
            "planned": day == period.planned_on,
        }
        for day in days
    ]
    return [cells[n : n + 7] for n in range(0, len(cells), 7)]


def page_of(participant: Participant, user: User) -> dict[str, Any]:
    """Context of a participant's page; `may` holds the actions open to `user` there."""
    roles = roles_for(user, participant.study, participant.site)
    may = {action.replace(".", "_"): bool(allowed & roles) for action, allowed in POLICY.items()}
    today = today_at(participant.site)
    verdict = eligibility.judge(participant.protocol.rules.criteria, facts_of(participant))
    periods = []
    for period in participant.periods.all():
        visits = [
            {
                "visit": visit,
                "state": state_of(visit, today),
                "deviation": visit.deviation(),
                "deviation_abs": abs(visit.deviation()),
            }
            for visit in period.visits.all()
        ]
        periods.append({"period": period, "visits": visits, "washout": _before(period)})
    decision = participant.decisions.order_by("-id").select_related("decided_by").first()
    earlier = participant.rescreen_of
    return {
        "participant": participant,
        "strip": strip_of(participant),
        "may": may,
        "today": today,
        "verdict": verdict,
        "criteria": criteria_by_group(participant.protocol.rules.criteria, verdict),
        "decision": decision,
        "earlier": earlier,
        "again": Participant.objects.filter(rescreen_of=participant).first(),
        "otherwise": decision and decision.eligible != (verdict.verdict == "eligible"),
        **treatments_of(participant),
        "screening_visit": participant.visits.filter(period=None).first(),
        "periods": periods,
        "followed": participant.status in FOLLOWED,
    }


def treatments_of(participant: Participant) -> dict[str, Any]:
    """The list of treatments; whether a criterion counts them, and whether somebody has said that they are all."""
    declared = participant.facts.filter(name=COMPLETE).first()
    return {
        "treatments": participant.treatments.filter(removed=False),
        "treatments_counted": any(c.fact == COUNT for c in participant.protocol.rules.criteria),
        "treatments_complete": declared is not None and bool(declared.value),
    }


GROUPS = {"inclusion": gettext_lazy("Inclusion criteria"), "exclusion": gettext_lazy("Exclusion criteria")}
STANDING = {
    "met": gettext_lazy("met"),
    "not met": gettext_lazy("not met"),
    "absent": gettext_lazy("absent"),
    "present": gettext_lazy("present"),
    "unknown": gettext_lazy("not known yet"),
}


def criteria_by_group(criteria: Sequence[Criterion], verdict: eligibility.Verdict) -> list[dict[str, Any]]:
    """Inclusion, then exclusion. `verdict` of a row says what is good (met) and bad (not met) in either group; `said`
    is its word: an exclusion is absent or present."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for criterion, result in zip(criteria, verdict.results, strict=True):
        said = STANDING[eligibility.standing(criterion, result)]
        row = {"criterion": criterion, "result": result, "said": said}
        rows.setdefault(criterion.group, []).append(row)
    return [{"title": title, "rows": rows[group]} for group, title in GROUPS.items() if group in rows]


def _before(period: Period) -> dict[str, Any] | None:
    """The washout before `period`: its window in words, and how the period's day stands to it."""
    if period.number == 1 or period.participant.protocol.rules.washout is None:
        return None
    window = washout_before(period)
    return {
        "sentence": washout_sentence(period, window),
        "deviation": deviation_of(period, window),
    }


def deviation_of(period: Period, window: washout.WashoutWindow | None) -> str:
    """In which way the period's day breaks the washout rule, in words; empty when it does not."""
    if window is None or period.day0 is None or not (days := washout.days_outside(window, period.day0)):
        return ""
    if window.ends_on and period.day0 < window.ends_on:
        return _("Deviation: before the last visit of period %(n)d.") % {"n": period.number - 1}
    if days < 0:
        return ngettext(
            "Deviation: %(n)d day before the washout minimum.",
            "Deviation: %(n)d days before the washout minimum.",
            -days,
        ) % {"n": -days}
    return ngettext(
        "Deviation: %(n)d day after the longest interval.",
        "Deviation: %(n)d days after the longest interval.",
        days,
    ) % {"n": days}
