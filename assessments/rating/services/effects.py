"""What saved assessments bring with them, whoever saves them: a form one, an import thousands."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Exists, OuterRef

from assessments.deviations.services import settle_deviations
from assessments.domain.change import AssessmentChange
from assessments.domain.instrument import load
from assessments.models import Assessment
from assessments.safety.services import raise_alerts
from assessments.timing.services import check_ratings
from enrollment.models import Participant, Visit
from enrollment.services import mark_performed, record_fact, settle_schedule, take_back_performed
from trialsite.accounts.models import User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import wake_workers


class Effects:
    """Of the assessments that one change saves, in its transaction: their visits take place at once (`note`), the rest
    follows when all are saved (`apply`), and what it needs to know is all that is kept until then."""

    def __init__(self) -> None:
        self._earliest: dict[int, int] = {}
        self._dated: list[AssessmentChange] = []
        self._courses: dict[str, set[int]] = defaultdict(set)
        self._screening: list[AssessmentChange] = []
        self._participants: set[int] = set()

    def note(self, changes: Sequence[AssessmentChange]) -> None:
        """These were saved."""
        if performed := {change.visit: change.performed_on for change in changes if change.done}:
            mark_performed(performed)
        if undone := {change.visit for change in changes if not change.done and change.corrected}:
            take_back_performed(_without_assessments(undone))
        for change in changes:
            self._participants.add(change.participant)
            if change.period is None:
                self._screening.append(change)
            elif change.done or change.corrected:
                before = self._earliest.get(change.participant, change.period)
                self._earliest[change.participant] = min(before, change.period)
            if change.asked_about:
                self._dated.append(change)
            if change.itemised or change.corrected:
                self._courses[change.instrument].add(change.participant)

    def apply(self, *, by: User, comment: str = "") -> None:
        """All are saved: who went through all visits has completed the study, dates are asked about (`comment`: what
        answers that), alerts are raised, eligibility hears of totals, deviations file themselves, and outcomes are owed."""
        settle_schedule(self._earliest, by=by)
        check_ratings(self._dated, by=by, comment=comment)
        for instrument, participants in self._courses.items():
            raise_alerts(participants, load(instrument))
        for change in self._screening:
            record_fact(
                Participant.objects.get(pk=change.participant),
                f"{change.instrument.lower()}_total",
                change.total,
                source=f"{change.instrument} at screening, version {change.version}",
            )
        settle_deviations(self._participants, by=by)
        wake_workers(Outbox.Kind.RECOMPUTE)


def _without_assessments(visits: Collection[int]) -> list[int]:
    """Those at which nothing was rated, by any instrument."""
    done = Assessment.objects.filter(visit=OuterRef("pk")).exclude(status=Assessment.Status.NOT_DONE)
    return list(Visit.objects.filter(~Exists(done), pk__in=visits).values_list("pk", flat=True))
