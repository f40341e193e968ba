"""Signatures against a superuser: what triggers cannot prevent, the hashes show."""

import psycopg2
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from tests.conftest import MakeUser, make_screened
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Site
from trialsite.review.models import Signature
from trialsite.review.selectors import broken_signatures
from trialsite.stack import testing

MEANING = "reviewed"


@pytest.mark.requirement("SIG-03")
def test_what_a_superuser_changes_behind_the_triggers_is_found(
    committed: str, site: Site, make_user: MakeUser
) -> None:
    """With triggers off nothing is voided, but the hashes no longer follow from the record: the command says which."""
    coordinator, investigator = make_user("coordinator", site), make_user("investigator", site)
    screened = make_screened(site, coordinator)
    visit = screened.visits.get(period=None)
    with signed_by(investigator, reason=MEANING):
        Signature(
            participant=screened,
            visit=visit,
            meaning=MEANING,
            signed_by=investigator,
            signed_at=timezone.now(),
        ).save()
    call_command("verify_signatures")
    with psycopg2.connect(testing.url("setup", committed)) as connection_, connection_.cursor() as cursor:
        cursor.execute("alter table assessments_assessment disable trigger all")
        cursor.execute("update assessments_assessment set rater = 'X' where visit_id = %s", [visit.pk])
    assert broken_signatures()
    with pytest.raises(CommandError, match="do not hold: 1"):
        call_command("verify_signatures")
