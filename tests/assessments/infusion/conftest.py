"""Somebody randomised some weeks ago, on the day of the first infusion."""

import uuid
from collections.abc import Callable

import pytest

from assessments.infusion.selectors import DayPlace, day_place_for
from assessments.infusion.services import save_step
from assessments.models import Record
from enrollment.models import Participant
from enrollment.selectors import today_at
from trialsite.accounts.models import User


@pytest.fixture
def participant(randomised: Participant) -> Participant:
    return Participant.objects.get(pk=randomised.pk)


@pytest.fixture
def place(participant: Participant, coordinator: User) -> DayPlace:
    visit = participant.visits.get(period__number=1, code="BASELINE")
    return day_place_for(coordinator, visit.pk, "assessment.enter")


Save = Callable[..., uuid.UUID]


@pytest.fixture
def save(place: DayPlace, coordinator: User) -> Save:
    """save("capsule", CAPSULE_TIME="10:00") → the token; fields of items by their codes, others as they are called."""

    def saved(
        step: str, *, by: User | None = None, token: uuid.UUID | None = None, **answers: str
    ) -> uuid.UUID:
        token = token or uuid.uuid4()
        fields = {f"item_{name}" if name[0].isupper() else name: text for name, text in answers.items()}
        save_step(place, step, fields, today_at(place.participant.site), by=by or coordinator, token=token)
        return token

    return saved


def record_of(place: DayPlace) -> Record:
    return Record.objects.get(visit=place.visit, form="INFUSION")
