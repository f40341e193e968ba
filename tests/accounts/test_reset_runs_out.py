"""A granted reset that nobody used is worth nothing a minute later."""

import pytest
from django.db import DatabaseError

from tests.audit.conftest import execute
from tests.conftest import MakeUser
from trialsite.accounts import services
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import AccessReset, Study, User


@pytest.mark.requirement("ACC-09")
def test_who_granted_a_reset_sets_no_password_later(
    committed: str, make_user: MakeUser, investigator: User, study: Study
) -> None:
    """The permission to take a password away is of the moment of the decision, not kept for a better one."""
    first, second = make_user("admin"), make_user("admin")
    reset = services.request_reset(
        investigator, study, by=first, kind=AccessReset.Kind.PASSWORD, reason="forgot it"
    )
    services.decide_reset(reset, study, by=second, granted=True, reason="called back")
    with audit_context(second, reason="r"):
        User.objects.filter(pk=investigator.pk).update(password="x")
    # As it will be then: the clock is the server's, and nobody turns it.
    execute(
        "setup",
        committed,
        "alter table accounts_accessreset disable trigger user",
        "update accounts_accessreset set decided_at = now() - interval '61 seconds'",
        "alter table accounts_accessreset enable trigger user",
    )
    with (
        pytest.raises(DatabaseError, match="changed by a granted reset only"),
        audit_context(second, reason="r"),
    ):
        User.objects.filter(pk=investigator.pk).update(password="y")
