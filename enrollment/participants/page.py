"""The page of a participant, put together from the record and the pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import get_args

from enrollment.casebook.fields import forms_of
from enrollment.casebook.records import FormRecord, with_review_status
from enrollment.domain import eligibility
from enrollment.domain.schedule import VisitState
from enrollment.halts.selectors import halted
from enrollment.halts.text import standing_sentence
from enrollment.models import EligibilityDecision, Participant, Period, Visit, WrongKit
from enrollment.protocol.model import Activity
from enrollment.schedule.strips import state_of, strip_of
from enrollment.schedule.text import deviation_of, not_counted, washout_sentence
from enrollment.screening.presenters import (
    CriteriaGroup,
    criteria_by_group,
    next_of_screening,
)
from enrollment.selectors import completed_on, facts_of, today_at, washout_before
from enrollment.strip.layout import Strip
from enrollment.supply.selectors import wrong_kit_of
from trialsite.accounts.models import User
from trialsite.accounts.policy import POLICY, roles_for
from trialsite.review.selectors import ReviewStatus

IN_SCREENING = {Participant.Status.SCREENING, Participant.Status.ELIGIBLE, Participant.Status.SCREEN_FAILED}


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visit of a period. `deviation`: days outside its window, negative early; `not_counted`: why what was rated on its
    day does not count, empty where it does."""

    visit: Visit
    state: VisitState
    deviation: int
    not_counted: str

    @property
    def deviation_abs(self) -> int:
        return abs(self.deviation)


@dataclass(frozen=True, slots=True)
class WashoutRow:
    """The washout before a period: its window in a sentence, and in which way the period's day breaks the rule."""

    sentence: str
    deviation: str


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A period with its visits, and what its folded heading says."""

    period: Period
    visits: tuple[VisitRow, ...]
    washout: WashoutRow | None
    wrong_kit: WrongKit | None

    @property
    def number(self) -> str:
        return str(self.period.number)

    @property
    def done(self) -> int:
        return sum(row.visit.status == Visit.Status.DONE for row in self.visits)

    @property
    def overdue(self) -> int:
        return sum(row.state == "overdue" for row in self.visits)

    @property
    def settled(self) -> bool:
        """No visit is to come."""
        return all(row.visit.status != Visit.Status.PLANNED for row in self.visits)


@dataclass(frozen=True, slots=True)
class ParticipantPage:
    """What the page of a participant shows, but for the review of the casebook.

    `may`: the actions open to the reader there. `earlier` and `again`: the screening before, and after, under another
    code. `otherwise`: what the criteria say now is not what was decided. `correctable`: the screening form, by the reader.
    `standing_still`: what of the study is halted, as a sentence.
    """

    participant: Participant
    strip: Strip
    may: Mapping[str, bool]
    verdict: eligibility.Verdict
    criteria: list[CriteriaGroup]
    decision: EligibilityDecision | None
    earlier: Participant | None
    again: Participant | None
    screening_visit: Visit | None
    screening_next: str
    periods: list[PeriodRow]
    casebook: list[FormRecord]
    correctable: bool
    completed_on: date | None
    halted: Mapping[str, bool]
    standing_still: str

    @property
    def followed(self) -> bool:
        return self.participant.status in Participant.FOLLOWED

    @property
    def otherwise(self) -> bool:
        return self.decision is not None and self.decision.eligible != (self.verdict.verdict == "eligible")

    @property
    def unfolded(self) -> set[str]:
        """The parts that stand open: what has to be done now, or is asked about. The rest is one line."""
        parts = {form.code for form in self.casebook if form.waiting}
        if self.participant.status in IN_SCREENING:
            parts |= {"eligibility", "screening"}
        if self.otherwise:
            parts.add("eligibility")
        unsettled = next((row.number for row in self.periods if not row.settled), None)
        if self.followed and unsettled:
            parts.add(f"period-{unsettled}")
        return parts


def page_of(participant: Participant, user: User, review_status: ReviewStatus) -> ParticipantPage:
    """The page as `user` sees it; `review_status`: of the casebook."""
    roles = roles_for(user, participant.study, participant.site)
    may = {action.replace(".", "_"): bool(allowed & roles) for action, allowed in POLICY.items()}
    criteria = participant.protocol.definition.criteria
    verdict = eligibility.judge(criteria, facts_of(participant))
    screening_visit = participant.visits.filter(period=None).first()
    in_screening = participant.status == Participant.Status.SCREENING
    return ParticipantPage(
        participant=participant,
        strip=strip_of(participant),
        may=may,
        verdict=verdict,
        criteria=criteria_by_group(criteria, verdict),
        decision=participant.decisions.order_by("-id").select_related("decided_by").first(),
        earlier=participant.rescreen_of,
        again=Participant.objects.filter(rescreen_of=participant).first(),
        screening_visit=screening_visit,
        screening_next=next_of_screening(participant, screening_visit, verdict),
        periods=[_period_row(period) for period in participant.periods.all()],
        casebook=with_review_status(forms_of(participant), review_status),
        correctable=may["participant_screen"] and not in_screening and not review_status.locked,
        completed_on=completed_on(participant),
        halted={activity: halted(participant.study_id, activity) for activity in get_args(Activity)},
        standing_still=standing_sentence(participant.study),
    )


def _period_row(period: Period) -> PeriodRow:
    participant = period.participant
    today, left = today_at(participant.site), participant.left_on
    protocol = participant.protocol.definition
    visits = tuple(
        VisitRow(
            visit=visit,
            state=state_of(visit, today, left),
            deviation=visit.deviation(),
            not_counted=not_counted(protocol, visit, period, visit.performed_on),
        )
        for visit in period.visits.all()
    )
    return PeriodRow(period, visits, _washout_row(period), wrong_kit_of(period))


def _washout_row(period: Period) -> WashoutRow | None:
    if period.number == 1 or period.participant.protocol.definition.washout is None:
        return None
    window = washout_before(period)
    return WashoutRow(washout_sentence(period, window), deviation_of(period, window))
