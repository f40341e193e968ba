"""Whether a study's people are invented: settled by the database once there are any."""

import pytest
from django.db import DatabaseError

from enrollment.models import Participant
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Study, User

pytestmark = pytest.mark.django_db


def change(study: Study, synthetic: bool) -> None:
    with audit_context(User.objects.system(), reason="a mistake in the protocol file"):
        Study.objects.filter(pk=study.pk).update(synthetic=synthetic)


def test_a_study_without_participants_can_be_corrected(study: Study) -> None:
    change(study, not study.synthetic)


@pytest.mark.requirement("SIG-05")
def test_a_study_with_participants_cannot(screened: Participant) -> None:
    """Else a real trial could be called invented, and its participants be decided on unsigned."""
    with pytest.raises(DatabaseError, match="whether they are invented cannot be changed"):
        change(screened.study, not screened.study.synthetic)


def test_its_other_values_can_be_changed_all_the_same(screened: Participant) -> None:
    with audit_context(User.objects.system(), reason="a shorter title"):
        Study.objects.filter(pk=screened.study_id).update(short_title="Shorter")
