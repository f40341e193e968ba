"""Role × address × method × site, all of them, against the one table and the policy."""

import pytest
from django.test import Client

from tests.access.conftest import OUTSIDE, Person, signed_in
from tests.access.places import Places, patterns
from tests.access.table import Row, rows
from trialsite.accounts.models import Role, User
from trialsite.accounts.policy import POLICY

ROWS = rows()
SERVED = {200, 204, 302, 410, 422}
REFUSED = {403, 404, 405}
FORM = "application/x-www-form-urlencoded"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WHERE = ("01", "02", "all", OUTSIDE)


@pytest.mark.requirement("ACC-01")
def test_every_address_is_classified() -> None:
    """An address that is in the URLconf and not in the table is nobody's: classify it in tests/access/table.py."""
    assert set(patterns()) == {row.route for row in ROWS}


def test_every_classification_names_an_action_of_the_policy() -> None:
    assert {row.who for row in ROWS} - set(POLICY) <= {"public", "signed-in"}


def test_every_action_of_a_page_is_used() -> None:
    """An action of the policy without an address is one that only services ask for; they are few and named."""
    inside = {
        "study.unlock",
        "washout.override",
        "query.close_any",
        "export.unblinded",
    }
    assert set(POLICY) - {row.who for row in ROWS} == inside


@pytest.mark.requirement("ACC-01")
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("role", Role.values)
def test_a_role_gets_what_the_policy_says_and_nothing_else(
    role: str, where: str, places: Places, people: dict[Person, User]
) -> None:
    """Served with the action at the place, 403 without the action, 404 for a stranger to the place."""
    client = signed_in(people[role, where])
    wrong = []
    for row in (row for row in ROWS if row.route != "logout"):
        for method in sorted(row.methods):
            answer = client.generic(method, places.address(row), content_type=FORM)
            expected = _expected(row, Role(role), where)
            to_login = (
                answer.status_code == 302 and "/login/" in answer["Location"] and row.route != "invitation"
            )
            if answer.status_code not in expected or to_login:
                wrong.append((row.name, method, answer.status_code, sorted(expected)))
    assert not wrong, "\n".join(map(str, wrong))


def _expected(row: Row, role: Role, where: str) -> set[int]:
    if row.who in {"public", "signed-in"}:
        # Not ready: the tests' cluster is not durable on purpose, and says so.
        return SERVED | {503} if row.name == "readyz" else SERVED
    if where == OUTSIDE or (row.where == "site" and where == "02"):
        return {404}
    if role not in POLICY[row.who] or (row.where == "whole" and where != "all"):
        return {403}
    return SERVED


@pytest.mark.parametrize("row", [row for row in ROWS if row.who != "public"], ids=lambda row: row.name)
def test_signed_out_leads_to_the_sign_in(row: Row, places: Places) -> None:
    """Whatever the method; a fragment asked by htmx sends the whole page there."""
    for method in sorted(row.methods):
        answer = Client().generic(method, places.address(row), content_type=FORM)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/")
        answer = Client().generic(
            method, places.address(row), content_type=FORM, headers={"HX-Request": "true"}
        )
        assert answer["HX-Redirect"].startswith("/login/")
        assert answer.content == b""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_address_takes_a_method_it_has_no_use_for(
    row: Row, places: Places, people: dict[Person, User]
) -> None:
    """Refused everywhere, to those as well who may do what the address does."""
    roles = [role for role in Role if role in POLICY.get(row.who, frozenset(Role))]
    client = signed_in(people[roles[0], "all"])
    for method in METHODS:
        if method not in row.methods:
            assert client.generic(method, places.address(row)).status_code in REFUSED


def test_signing_out_ends_the_session(people: dict[Person, User]) -> None:
    """By POST only: an image on another page signs nobody out."""
    client = signed_in(people["monitor", "all"])
    assert client.get("/logout/").status_code == 405
    assert client.get("/").status_code == 302
    assert client.post("/logout/").status_code == 302
    assert client.get("/studies/KETNAL/")["Location"].startswith("/login/")
