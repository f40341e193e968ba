"""A reason that nobody can see is none, and is said to be none by its field."""

from collections.abc import Callable, Iterator

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import get_resolver, reverse

from enrollment import services
from enrollment.models import Participant
from enrollment.selectors import today_at
from tests.conftest import PASSWORD
from trialsite.accounts.context import audit_context
from trialsite.accounts.fields import WordsField
from trialsite.accounts.models import User

UNSEEN = "\u200b\u2060"
SAID = "only invisible characters"
# What the audit trail, a signature or somebody else will read.
WORDS = {
    "reason", "override_reason", "kept_because", "text", "not_done_reason", "source", "rater", "action", "finding",
    "printed_name",
}  # fmt: skip


def every_form(kind: type[forms.Form] = forms.Form) -> Iterator[type[forms.Form]]:
    for form in kind.__subclasses__():
        yield form
        yield from every_form(form)


def test_every_field_for_words_wants_words() -> None:
    """A new form that asks for a reason takes the field that refuses what cannot be seen."""
    # Whatever has an address is loaded with it.
    assert get_resolver().url_patterns
    fields = {
        f"{form.__module__}.{form.__qualname__}.{name}": field
        for form in every_form()
        if not form.__module__.startswith(("django", "axes", "crispy", "tests"))
        for name, field in form.base_fields.items()
        if name in WORDS and isinstance(field, forms.CharField)
    }
    assert len(fields) > 15
    assert [name for name, field in fields.items() if not isinstance(field, WordsField)] == []


@pytest.mark.django_db
@pytest.mark.requirement("AUD-04")
def test_the_page_says_it_by_the_field(
    randomised: Participant, investigator: User, as_user: Callable[[User], Client]
) -> None:
    address = reverse("unblind", args=["KETNAL", randomised.code])
    page = as_user(investigator).post(address, {"reason": UNSEEN, "password": PASSWORD})
    assert SAID in page.context["form"].errors["reason"][0]
    assert SAID in page.content.decode()
    randomised.refresh_from_db()
    assert randomised.unblinded_at is None


@pytest.mark.django_db
@pytest.mark.requirement("AUD-04")
def test_a_service_says_it_by_the_field(randomised: Participant, investigator: User) -> None:
    with pytest.raises(ValidationError) as refused:
        services.withdraw(randomised, by=investigator, left_on=today_at(randomised.site), reason=UNSEEN)
    assert refused.value.message_dict.keys() == {"reason"}
    with pytest.raises(ValidationError, match=SAID), audit_context(investigator, reason=UNSEEN):
        pass
