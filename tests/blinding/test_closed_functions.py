"""The closed schema decides itself whom it tells: each function refuses whoever may not know it now, though the code
of the web had let them through."""

import hashlib
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from tests.audit.conftest import act_as, connect, victim
from trialsite.lib import refusals

__all__ = ["victim"]
KEY = "a key that only the cookie holds"
SESSION = hashlib.sha256(KEY.encode()).hexdigest()
# Function → who may call it in the demo, whether the role must be held at all sites, and the call.
FUNCTIONS = {
    "report_for": ("statistician", True, "select * from closed.report_for(%(key)s, %(study)s)"),
    "views_for": ("statistician", True, "select * from closed.views_for(%(key)s, %(study)s)"),
    "look_for": ("statistician", True, "select * from closed.look_for(%(key)s, %(study)s, 1)"),
    "full_look_for": ("statistician", True, "select * from closed.full_look_for(%(key)s, %(study)s, 1)"),
    "print_for": ("statistician", True, "select * from closed.print_for(%(key)s, %(study)s, 1)"),
    "list_for": ("pharmacist", False, "select * from closed.list_for(%(key)s, %(study)s, 'a recall')"),
    "lists_for": ("pharmacist", False, "select * from closed.lists_for(%(key)s, %(study)s)"),
    "kit_for": ("pharmacist", False, "select * from closed.kit_for(%(key)s, %(study)s, %(kit)s)"),
    "stock_for": ("pharmacist", False, "select * from closed.stock_for(%(key)s, %(study)s)"),
    "packing_list_for": (
        "pharmacist", False, "select * from closed.packing_list_for(%(key)s, %(shipment)s, 'to label')",
    ),
    "sign_look": (
        "statistician", True,
        "select closed.sign_look(%(key)s, %(look)s, 'continue', 'continue', 'as planned')::text",
    ),
    "report_events": (
        "statistician", True, "select closed.report_events(%(key)s, %(look)s, 1, 0.5, false, 'letter')::text",
    ),
    "unblind": (
        "investigator", False, "select * from closed.unblind(%(key)s, %(participant)s, 'an accident')",
    ),
}  # fmt: skip
PERSON = "(select id from accounts_user where username = %(who)s)"
# What is wrong with the caller → how it came about.
REFUSED = {
    "their role has ended": (
        "update accounts_membership set starts_at = now() - interval '2 days', ends_at = now() - interval '1 second'"
        f" where user_id = {PERSON}"
    ),
    "their role has not begun": (
        f"update accounts_membership set starts_at = now() + interval '1 hour' where user_id = {PERSON}"
    ),
    "their role is another one": (
        f"update accounts_membership set role = 'coordinator' where user_id = {PERSON}"
    ),
    "their role is in another study": (
        "insert into accounts_membership (user_id, study_id, role, starts_at, granted_by_id)"
        " select user_id, (select max(id) from accounts_study), role, now() - interval '1 hour', 1"
        f" from accounts_membership where user_id = {PERSON} and study_id = %(study)s on conflict do nothing;"
        "update accounts_membership set starts_at = now() - interval '2 days', ends_at = now() - interval '1 second'"
        f" where user_id = {PERSON} and study_id = %(study)s"
    ),
    "they were deactivated": f"update accounts_user set is_active = false where id = {PERSON}",
    "their session has run out": "update accounts_session set expire_date = now() - interval '1 second'",
    "their session was ended": "update accounts_session set user_id = null",
    "they know the hash of a key alone": (
        "update accounts_session set session_key = encode(sha256(convert_to(session_key, 'UTF8')), 'hex')"
    ),
}
# A role at one site, where the study as a whole is asked for; a role at another site than the participant's.
AT_ONE_SITE = (
    "update accounts_membership set site_id = (select min(id) from accounts_site where study_id = %(study)s)"
    f" where user_id = {PERSON}"
)
AT_ANOTHER_SITE = (
    "update accounts_membership m set site_id = (select min(t.id) from accounts_site t where t.study_id = m.study_id"
    f" and t.id <> (select site_id from enrollment_participant where id = %(participant)s)) where user_id = {PERSON}"
)


class Caller:
    """A person with a live session, in a transaction of the web's that is taken back."""

    def __init__(self, cursor: Any, username: str, *, confirmed: bool = True) -> None:
        self.cursor, self.values = cursor, {"who": username, "key": KEY}
        act_as(cursor)
        cursor.execute("select id from accounts_study where code = 'KETNAL'")
        self.values["study"] = cursor.fetchone()[0]
        cursor.execute("select id from accounts_user where username = %s", [username])
        self.number = cursor.fetchone()[0]
        cursor.execute("select id from analysis_look where study_id = %(study)s", self.values)
        self.values["look"] = cursor.fetchone()[0]
        cursor.execute(
            "select min(id) from enrollment_participant where study_id = %(study)s and randomised_at is not null",
            self.values,
        )
        self.values["participant"] = cursor.fetchone()[0]
        cursor.execute(
            "select kit_number from enrollment_period where participant_id = %(participant)s and number = 1",
            self.values,
        )
        self.values["kit"] = cursor.fetchone()[0]
        cursor.execute("select min(id) from enrollment_shipment where study_id = %(study)s", self.values)
        self.values["shipment"] = cursor.fetchone()[0]
        self.run("update enrollment_participant set unblinded_at = now() where id = %(participant)s")
        cursor.execute("delete from accounts_session")
        cursor.execute(
            "insert into accounts_session (session_key, session_data, expire_date, user_id, agent)"
            " values (%s, '', now() + interval '1 hour', %s, '')",
            [SESSION, self.number],
        )
        if confirmed:
            self.confirm(SESSION)

    def confirm(self, session: str, username: str = "") -> None:
        """The caller, or somebody else, confirms their password in that session."""
        act_as(self.cursor, session=session)
        self.cursor.execute(
            "insert into accounts_access (at, kind, user_id, about, session)"
            " select now(), 'confirmed', id, '', '' from accounts_user where username = %s",
            [username or self.values["who"]],
        )
        act_as(self.cursor, actor=self.number)

    def run(self, statement: str) -> None:
        """Change something, as the system would, and act as oneself again."""
        act_as(self.cursor)
        self.cursor.execute(statement, self.values)
        act_as(self.cursor, actor=self.number)

    def call(self, statement: str) -> list[tuple[Any, ...]]:
        self.cursor.execute(statement, self.values)
        return list(self.cursor.fetchall())


@pytest.fixture
def caller(victim: str, request: pytest.FixtureRequest) -> Iterator[Caller]:
    username = FUNCTIONS[request.getfixturevalue("function")][0]
    with connect("app", victim) as connection, connection.cursor() as cursor:
        yield Caller(cursor, username)
        connection.rollback()


def _refused(caller: Caller, call: str) -> None:
    with pytest.raises(psycopg2.Error) as refusal:
        caller.call(call)
    assert refusal.value.pgcode == refusals.NOT_ALLOWED, refusal.value


@pytest.mark.requirement("BLD-04")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_whoever_may_is_told(function: str, caller: Caller) -> None:
    """The control of all that follows: with nothing wrong, every function answers."""
    if function == "views_for":
        caller.call(FUNCTIONS["report_for"][2])
    assert caller.call(FUNCTIONS[function][2])


@pytest.mark.requirement("BLD-04")
@pytest.mark.parametrize("wrong", REFUSED)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_whoever_may_not_any_more_is_refused(function: str, wrong: str, caller: Caller) -> None:
    caller.run(REFUSED[wrong])
    _refused(caller, FUNCTIONS[function][2])


@pytest.mark.requirement("BLD-04")
@pytest.mark.parametrize("function", [name for name, (_, whole, _call) in FUNCTIONS.items() if whole])
def test_a_role_at_one_site_does_not_open_what_is_the_whole_studys(function: str, caller: Caller) -> None:
    caller.run(AT_ONE_SITE)
    _refused(caller, FUNCTIONS[function][2])


@pytest.mark.requirement("BLD-03")
@pytest.mark.parametrize("function", ["unblind"])
def test_the_physician_of_another_site_does_not_unblind(function: str, caller: Caller) -> None:
    caller.run(AT_ANOTHER_SITE)
    _refused(caller, FUNCTIONS[function][2])


@pytest.mark.requirement("BLD-03")
@pytest.mark.parametrize("function", ["unblind"])
def test_nobody_is_unblinded_whose_record_does_not_say_so(function: str, caller: Caller) -> None:
    """That a participant was unblinded is in the trail before it is told what they got."""
    caller.run("update enrollment_participant set unblinded_at = null where id = %(participant)s")
    with pytest.raises(psycopg2.Error, match="mark the participant as unblinded first"):
        caller.call(FUNCTIONS[function][2])


# Function → the reason in its call above, and what it says without one.
REASONS = {
    "list_for": ("'a recall'", "shown for a reason"),
    "packing_list_for": ("'to label'", "shown for a reason"),
    "unblind": ("'an accident'", "unblinding needs a reason"),
    "sign_look": ("'as planned'", "signed for a reason"),
    "report_events": ("'letter'", "where the number comes from"),
}


@pytest.mark.requirement("BLD-03", "AUD-04")
@pytest.mark.parametrize("reason", ["null", "''", "' '", "U&'\\200b\\2060'", "U&'\\00a0\\feff'"])
@pytest.mark.parametrize("function", REASONS)
def test_a_reason_has_something_to_see(function: str, reason: str, caller: Caller) -> None:
    """Nothing is told or signed for blanks or zero-width spaces."""
    given, said = REASONS[function]
    assert FUNCTIONS[function][2].count(given) == 1
    with pytest.raises(psycopg2.Error, match=said):
        caller.call(FUNCTIONS[function][2].replace(given, reason))


@pytest.mark.requirement("BLD-04")
@pytest.mark.parametrize("function", ["list_for", "lists_for", "kit_for"])
def test_a_pharmacist_of_one_site_is_told_of_that_site(function: str, caller: Caller) -> None:
    """Whatever code of the web asks: neither another site's list nor a kit of it."""
    assert {row[0] for row in caller.call(FUNCTIONS["list_for"][2])} == {"01", "02"}
    caller.run(AT_ANOTHER_SITE)
    caller.cursor.execute(
        "select t.code from accounts_site t join accounts_membership m on m.site_id = t.id where m.user_id = %s",
        [caller.number],
    )
    sites = {site for (site,) in caller.cursor.fetchall()}
    told = {row[0] for row in caller.call(FUNCTIONS[function][2])}
    assert told == (set() if function == "kit_for" else sites)


@pytest.mark.parametrize("function", ["sign_look", "report_events"])
def test_the_person_of_the_session_is_the_one_who_acts(function: str, caller: Caller) -> None:
    """With somebody else's session nobody signs as themselves, nor the other way round."""
    act_as(caller.cursor)
    with pytest.raises(psycopg2.Error, match=r"who (signs|enters) is not who acts"):
        caller.call(FUNCTIONS[function][2])


@pytest.mark.requirement("SIG-02", "BLD-03")
@pytest.mark.parametrize("function", ["sign_look", "unblind"])
@pytest.mark.parametrize("confirmed", ["never", "in another session", "by another person"])
def test_what_is_signed_takes_a_password_confirmed_moments_before(
    function: str, confirmed: str, victim: str
) -> None:
    """Asked by the function itself, of whoever calls it; a confirmation of another session or person is none."""
    with connect("app", victim) as connection, connection.cursor() as cursor:
        caller = Caller(cursor, FUNCTIONS[function][0], confirmed=False)
        if confirmed == "in another session":
            caller.confirm("f" * 64)
        elif confirmed == "by another person":
            caller.confirm(SESSION, "monitor")
        with pytest.raises(psycopg2.Error) as refusal:
            caller.call(FUNCTIONS[function][2])
        assert refusal.value.pgcode == refusals.UNCONFIRMED, refusal.value
        connection.rollback()


@pytest.mark.requirement("ACC-09", "BLD-03")
@pytest.mark.parametrize("function", ["sign_look", "unblind"])
def test_what_is_signed_rests_after_a_reset(function: str, caller: Caller) -> None:
    """Whoever reset somebody's access does not decide or unblind in their name right away."""
    caller.run(
        "insert into accounts_accessreset (user_id, kind, reason, requested_by_id, requested_at, granted, decision_reason)"
        f" values ({PERSON}, 'password', 'lost', 1, now(), true, 'called back')"
    )
    with pytest.raises(psycopg2.Error) as refusal:
        caller.call(FUNCTIONS[function][2])
    assert refusal.value.pgcode == refusals.RESTING, refusal.value


@pytest.mark.parametrize("function", ["sign_look"])
def test_after_the_decision_no_events_are_entered(function: str, caller: Caller) -> None:
    """What the board knew when it decided stays as it was."""
    caller.call(FUNCTIONS[function][2])
    with pytest.raises(psycopg2.Error, match="a decided look does not change"):
        caller.call(FUNCTIONS["report_events"][2])


@pytest.mark.requirement("BLD-04")
def test_every_function_that_takes_a_session_is_tried_here(victim: str) -> None:
    """And the web may call no other that says anything of the allocation, but for the kits it hands out and how far
    the chain has come."""
    with connect("app", victim) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select proname, 'session' = any (proargnames) from pg_proc where pronamespace = 'closed'::regnamespace"
            " and has_function_privilege(oid, 'execute')"
        )
        callable_ = dict(cursor.fetchall())
    assert {name for name, session in callable_.items() if session} == FUNCTIONS.keys()
    assert {name for name, session in callable_.items() if not session} == {
        "assign", "verify", "heads", "entry_hash",
    }  # fmt: skip
