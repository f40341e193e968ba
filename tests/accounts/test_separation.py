"""Nobody both administers a study and works with its data, whatever writes the grant."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests.conftest import MakeUser
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Study, User
from trialsite.accounts.services import end_role, grant_role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("held", "wanted"), [("admin", "coordinator"), ("investigator", "admin")])
def test_the_service_refuses_the_pair_in_words(
    held: str, wanted: str, make_user: MakeUser, study: Study
) -> None:
    """The form's field says why."""
    user = make_user(held)
    with pytest.raises(ValidationError, match="both administer"):
        grant_role(user, study, by=User.objects.system(), role=wanted, site=None)


@pytest.mark.requirement("ACC-03")
def test_the_database_refuses_the_pair_of_any_writer(make_user: MakeUser, study: Study) -> None:
    """A grant written past the service fails as well."""
    user = make_user("admin")
    system = User.objects.system()
    with pytest.raises(IntegrityError, match="both administer"), transaction.atomic(), audit_context(system):
        Membership.objects.create(user=user, study=study, role="coordinator", granted_by=system)


def test_an_ended_role_stands_in_nobodys_way(make_user: MakeUser, study: Study) -> None:
    """Once the administrator's role is ended, another may be granted."""
    user = make_user("admin")
    system = User.objects.system()
    end_role(user.memberships.get(), by=system, reason="moves to the site")
    assert grant_role(user, study, by=system, role="coordinator", site=None).pk


@pytest.mark.parametrize("role", ["admin", "statistician"])
def test_a_role_of_the_whole_study_is_not_granted_at_one_site(
    role: str, make_user: MakeUser, study: Study
) -> None:
    """Half an administrator could do nothing: the form says to leave the site empty."""
    user = make_user("auditor")
    with pytest.raises(ValidationError, match="all sites"):
        grant_role(user, study, by=User.objects.system(), role=role, site=study.sites.get(code="01"))
