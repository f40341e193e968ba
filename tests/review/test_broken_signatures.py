"""Signatures against a superuser: what triggers cannot prevent, `verify_signatures` shows."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.audit.conftest import CONTEXT, Inside, connect, inside, spoilt

__all__ = ["inside", "spoilt"]
pytestmark = pytest.mark.requirement("SIG-03")
Verify = Callable[[], str]
# A visit of site 01 that nobody signed.
UNSIGNED = """(select v.id from enrollment_visit v join enrollment_participant p on p.id = v.participant_id
  join accounts_site s on s.id = p.site_id and s.code = '01'
  where v.status = 'done' and not exists (select from review_signature g where g.visit_id = v.id)
    and not exists (select from review_lock l where l.participant_id = p.id) order by v.id limit 1)"""


@pytest.fixture
def verify(spoilt: str, inside: Inside) -> Verify:
    """What `manage.py verify_signatures` complains of."""

    def run() -> str:
        output = io.StringIO()
        with inside(spoilt):
            try:
                call_command("verify_signatures", stderr=output, stdout=io.StringIO())
            except CommandError as error:
                output.write(f"{error}")
        return output.getvalue()

    return run


def attack(name: str, *statements: str, actor: str = "system", **context: Any) -> None:
    """As the superuser, in the name of `actor`."""
    with connect("setup", name) as session, session, session.cursor() as cursor:
        cursor.execute("select id from accounts_user where username = %s", [actor])
        own = {**CONTEXT, "actor": cursor.fetchone()[0], **context}
        cursor.execute("select set_config('trialsite.context', %s, true)", [json.dumps(own)])
        for statement in statements:
            cursor.execute(statement)


def forge(confirmation: str = "null") -> list[str]:
    """Statements that insert a signature, hashes and all, without the guard."""
    return [
        "alter table review_signature disable trigger b_guard",
        f"""insert into review_signature (participant_id, visit_id, meaning, signed_by_id, printed_name, signed_at,
              content_sha256, sha256, confirmation_id)
            select v.participant_id, v.id, 'seen', u.id, u.printed_name, clock_timestamp(), 'x', 'x', {confirmation}
            from enrollment_visit v, accounts_user u where v.id = {UNSIGNED}
              and u.id = (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint""",
        "set constraints all immediate; alter table review_signature enable trigger b_guard",
    ]


def true_hashes(statements: list[str]) -> list[str]:
    """The row is made in a temporary place first, so that it is inserted with the hashes that follow from it."""
    off, insert, on = statements
    columns = (
        "participant_id, visit_id, meaning, signed_by_id, printed_name, signed_at, content_sha256, sha256,"
        " confirmation_id"
    )
    row = "jsonb_populate_record(null::review_signature, to_jsonb(m))"
    return [
        off,
        "create temporary table made (like review_signature including identity) on commit drop",
        insert.replace("insert into review_signature", "insert into pg_temp.made"),
        f"update pg_temp.made m set content_sha256 = review_content_sha256({row})",
        f"update pg_temp.made m set sha256 = review_signature_sha256({row})",
        f"insert into review_signature ({columns}) select {columns} from pg_temp.made",
        on,
    ]


CONFIRM = """insert into accounts_access (at, kind, user_id, about, session) select now(), 'confirmed',
  (current_setting('trialsite.context')::jsonb ->> 'actor')::bigint, 'forged', ''"""
LAST = "(select max(id) from accounts_access)"


def test_the_demo_verifies(verify: Verify) -> None:
    """One signature of it was voided by a correction: that is as it should be."""
    assert verify() == ""


def test_what_is_changed_behind_the_triggers(spoilt: str, verify: Verify) -> None:
    attack(
        spoilt,
        "alter table assessments_assessment disable trigger all",
        "update assessments_assessment set rater = 'X' where visit_id in (select visit_id from review_signature)",
    )
    assert "does not fit the record" in verify()


@pytest.mark.requirement("SIG-01")
@pytest.mark.parametrize("column", ["printed_name", "meaning", "signed_at"])
def test_what_is_printed_of_it(column: str, spoilt: str, verify: Verify) -> None:
    """The record still fits: the name, the meaning or the time of the signature was changed."""
    value = "signed_at - interval '1 second'" if column == "signed_at" else "'another'"
    attack(
        spoilt,
        "alter table review_signature disable trigger b_guard",
        f"update review_signature set {column} = {value} where voided_at is null",
        "alter table review_signature enable trigger b_guard",
    )
    assert "its own hash does not follow from it" in verify()
    assert "does not fit the record" not in verify()


@pytest.mark.requirement("SIG-05")
def test_one_without_a_password(spoilt: str, verify: Verify) -> None:
    """An investigator's, with true hashes, in the trail: only the confirmation is missing."""
    attack(spoilt, *true_hashes(forge()), actor="investigator")
    assert "did not confirm the password" in verify()
    assert verify().count("Signature ") == 1
    assert "role" not in verify()


@pytest.mark.requirement("SIG-05")
@pytest.mark.parametrize("username", ["coordinator", "investigator2"])
def test_one_by_somebody_who_may_not_sign_there(username: str, spoilt: str, verify: Verify) -> None:
    """A coordinator's, and one of an investigator of another site, with a confirmation made for it."""
    attack(spoilt, CONFIRM, *true_hashes(forge(LAST)), actor=username, session="f" * 64)
    assert "held no role that may sign there" in verify()
    assert "did not confirm" not in verify()


def test_one_whose_role_was_granted_afterwards(spoilt: str, verify: Verify) -> None:
    """Dated back, as a role for the signature that needs it: the trail knows when it was granted."""
    attack(spoilt, CONFIRM, *true_hashes(forge(LAST)), actor="coordinator", session="f" * 64)
    attack(
        spoilt,
        "insert into accounts_membership (user_id, study_id, site_id, role, starts_at, granted_by_id)"
        " select m.user_id, m.study_id, m.site_id, 'investigator', now() - interval '9 days', m.granted_by_id"
        " from accounts_membership m join accounts_user u on u.id = m.user_id and u.username = 'coordinator'",
    )
    assert "held no role that may sign there" in verify()


def test_one_dated_back_to_before_the_rule(spoilt: str, verify: Verify) -> None:
    """Without a confirmation, as those of earlier versions are: the trail knows when it was written."""
    statements = [text.replace("clock_timestamp(), 'x'", "'2020-01-01', 'x'") for text in forge()]
    attack(spoilt, *true_hashes(statements), actor="investigator")
    assert "the trail does not tell" in verify()


@pytest.mark.requirement("SIG-04")
def test_all_voided_without_a_change(spoilt: str, verify: Verify) -> None:
    attack(
        spoilt,
        "alter table review_signature disable trigger b_guard",
        "update review_signature set voided_at = now() where voided_at is null",
        "alter table review_signature enable trigger b_guard",
        reason="",
    )
    assert "voided without a change of what was signed" in verify()
