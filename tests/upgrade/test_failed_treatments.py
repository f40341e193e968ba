"""The list of failed treatments of an earlier version is a form after the upgrade: every row with its history, its review
and the signatures over it; nothing is voided, for nobody said anything new."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from analysis.trail.listed import record_entries
from analysis.trail.names import Names
from analysis.trail.text import describe
from assessments.entry.history import LIST, histories_of
from assessments.entry.selectors import definitions_of, form_of, record_for
from assessments.entry.services import strike_out_record
from assessments.models import Record
from enrollment.models import Participant
from enrollment.selectors import facts_of
from tests.assessments.loaded import place
from tests.audit.conftest import Inside, act_as, connect, execute, inside, verify
from tests.treatments import FORM
from tests.upgrade.test_upgrade import _rows, before
from trialsite.accounts.models import User
from trialsite.audit.models import Event
from trialsite.stack import testing

__all__ = ["before", "inside", "verify"]
# Somebody with four treatments who is neither locked nor signed; and the one who is locked.
PERSON = """
    (select t.participant_id from enrollment_failedtreatment t join enrollment_participant p on p.id = t.participant_id
     where p.status = 'completed' and p.id not in (select participant_id from review_lock where participant_id is not null)
     group by 1 having count(*) = 4 order by 1 limit 1)
"""
ROW = f"(select id from enrollment_failedtreatment where participant_id = {PERSON} order by id offset %d limit 1)"
CHANGES = (
    ("read again", f"update enrollment_failedtreatment set weeks = 11, dose = '150 mg' where id = {ROW % 0}"),
    ("of another patient", f"update enrollment_failedtreatment set removed = true where id = {ROW % 1}"),
    # As it could be written before choices were checked, and can stand no more.
    (
        "as written",
        f"update enrollment_failedtreatment set outcome = 'meh', removed = true where id = {ROW % 2}",
    ),
)
ASK = f"""
    with q as (
      insert into review_query (participant_id, form, field, status, blocks_signature, check_id, check_version, raised_by_id,
                                raised_at, version)
      values ({PERSON}, 'screening', 'treatments', 'open', false, '', '', 1, now(), 1) returning id, participant_id)
    insert into review_querymessage (query_id, participant_id, kind, text, written_at, written_by_id)
    select id, participant_id, 'raised', 'Are these all?', now(), 1 from q
"""
VERIFY = f"insert into review_verification (participant_id, form, field) values ({PERSON}, 'screening', 'treatments')"
SIGN = f"insert into review_signature (participant_id, meaning) values ({PERSON}, 'I vouch for it')"


def _as(name: str, actor: str, reason: str, statement: str) -> None:
    with connect("app", name) as session, session, session.cursor() as cursor:
        cursor.execute("select id from accounts_user where username = %s", [actor])
        act_as(cursor, actor=cursor.fetchone()[0], reason=reason)
        cursor.execute(statement)


@pytest.fixture(scope="module")
def left(before: str) -> Iterator[str]:
    """As the earlier version left it: rows corrected and taken off, asked about, verified, and the casebook signed."""
    name = f"listed_{uuid.uuid4().hex[:12]}"
    testing.database(name, before)
    for reason, statement in CHANGES:
        _as(name, "coordinator", reason, statement)
    execute("app", name, ASK)
    _as(name, "monitor", "", VERIFY)
    _as(name, "investigator", "", SIGN)
    yield name
    testing.drop(name)


@pytest.fixture(scope="module")
def upgraded(left: str) -> Iterator[str]:
    name = f"records_{uuid.uuid4().hex[:12]}"
    testing.database(name, left)
    testing.manage("owner", name, "setup_database")
    testing.manage("owner", name, "migrate", "--verbosity", "0")
    yield name
    testing.drop(name)


@pytest.fixture
def changed_copy(upgraded: str) -> Iterator[str]:
    """The upgraded trial once more, for what a test changes in it."""
    name = f"changed_{uuid.uuid4().hex[:12]}"
    testing.database(name, upgraded)
    yield name
    testing.drop(name)


def person(left: str) -> int:
    [(participant,)] = _rows(left, f"select {PERSON}")
    return int(participant)


def test_every_row_is_a_record_and_its_history_stands_beside_it(
    left: str, upgraded: str, inside: Inside
) -> None:
    """By whom it was entered, when, and why it was taken off; what had no value has none, and nothing is made up."""
    rows = _rows(
        left,
        """select t.participant_id, t.kind, t.name, nullif(t.dose, ''), t.weeks, t.outcome, t.removed, e.actor, e.at
           from enrollment_failedtreatment t join audit.event e on e.table_name = 'enrollment_failedtreatment'
             and e.row_pk = t.id::text and e.op = 'I' order by t.participant_id, t.id""",
    )
    records = _rows(
        upgraded,
        """select r.participant_id, lower(r.items ->> 'KIND'), r.items ->> 'NAME', r.items ->> 'DOSE_GIVEN',
             (r.items ->> 'WEEKS')::int, coalesce(lower(r.items ->> 'OUTCOME'), r.items ->> 'OUTCOME_WRITTEN'),
             r.status = 'struck_out', r.entered_by_id, r.entered_at
           from assessments_record r where r.form = 'FAILED_TREATMENT' order by r.participant_id, r.repeat_key""",
    )
    assert len(rows) > 50
    assert records == rows
    assert _rows(upgraded, "select to_regclass('enrollment_failedtreatment')") == [(None,)]
    with inside(upgraded):
        listed = list(Record.objects.filter(participant=person(left)).select_related("definition"))
        changes = histories_of(listed)
    told = {
        record.repeat_key: [(change.field, change.old, change.new, change.reason) for change in changes.get(record.pk, [])]
        for record in listed
    }  # fmt: skip
    assert told[1] == [
        ("DOSE_GIVEN", None, "150 mg", "read again"),
        ("WEEKS", "8 weeks", "11 weeks", "read again"),
    ]
    assert told[2] == [("status", "Complete", "Struck out", "of another patient")]
    assert [record.status_reason for record in listed][:3] == ["", "of another patient", "as written"]
    assert told[4] == []


def test_the_review_of_the_list_is_the_review_of_the_form(left: str, upgraded: str) -> None:
    """The query with its turn; the verification by whoever gave it, when they did, of each row that still counts."""
    query = """select q.form, q.repeat_key, q.field, q.status from review_query q
               join review_querymessage m on m.query_id = q.id where m.text = 'Are these all?'"""
    assert _rows(upgraded, query) == [(FORM, None, "", "open")]
    given = _rows(
        left, "select verified_by_id, verified_at from review_verification where field = 'treatments'"
    )
    verified = """select verified_by_id, verified_at, repeat_key from review_verification
                  where voided_at is null and form = '%s' and participant_id = %d order by repeat_key"""
    assert _rows(upgraded, verified % (FORM, person(left))) == [(*given[0], 1), (*given[0], 4)]
    in_force = "select count(*) from review_verification where field = 'treatments' and voided_at is null"
    assert _rows(upgraded, in_force) == [(0,)]


def test_trail_and_tables_agree_and_what_was_signed_is_still_signed(
    left: str, upgraded: str, verify: Callable[..., list[str]]
) -> None:
    assert verify(upgraded) == []
    testing.manage("app", upgraded, "verify_signatures")
    holds = """select s.participant_id, review_signature_holds(s), s.voided_at from review_signature s
               where s.meaning = 'I vouch for it'"""
    assert _rows(upgraded, holds) == [(person(left), True, None)]
    content = "select review_casebook_content(%d) -> 'treatments', review_casebook_content(%d) ? 'records'"
    [(treatments, records)] = _rows(upgraded, content % (person(left), person(left)))
    assert treatments == _rows(left, (content % (person(left), person(left))).split(", review_")[0])[0][0]
    assert not records


@pytest.mark.parametrize(
    "forged",
    [
        """items = items || '{"WEEKS": 12}'""",
        """items = items || '{"ADEQUATE": true}'""",
        """missing = '{"DOSE": "UNK"}'""" ,
        "status = 'struck_out', status_reason = 'x'",
        "form_token = '00000000-0000-4000-8000-00000000ffff'",
        "version = 2",
    ],
)  # fmt: skip
def test_a_signature_does_not_fit_a_row_that_was_changed_past_the_triggers(
    left: str, upgraded: str, forged: str
) -> None:
    with connect("setup", upgraded) as session, session.cursor() as cursor:
        cursor.execute("alter table assessments_record disable trigger user")
        cursor.execute(
            f"update assessments_record set {forged} where participant_id = %s and repeat_key = 1",
            [person(left)],
        )
        assert cursor.rowcount == 1
        cursor.execute(
            "select review_signature_holds(s) from review_signature s where meaning = 'I vouch for it'"
        )
        assert cursor.fetchall() == [(False,)]
        session.rollback()


def test_a_row_is_corrected_as_any_record_and_that_voids_what_was_signed(
    left: str, changed_copy: str, inside: Inside
) -> None:
    """And eligibility hears of it: of who was decided on before lists were declared, the list was taken to be complete."""
    with inside(changed_copy):
        participant = Participant.objects.get(pk=person(left))
        coordinator = User.objects.get(username="coordinator")
        assert [form_of(d).version for code, d in definitions_of(participant).items() if code == FORM] == [
            "0"
        ]
        first = Record.objects.get(participant=participant, form=FORM, repeat_key=1)
        _saved, here = record_for(coordinator, first.pk, "assessment.enter")
        changed = strike_out_record(first, here, by=coordinator, version=1, reason="not taken")
        assert (changed.version, facts_of(participant)["failed_treatments"]) == (2, 1.0)
        added = place(participant, None, definitions_of(participant)[FORM])
        assert added.form.repeats
        assert [change.new for change in histories_of([changed])[changed.pk]][-2:] == ["150 mg", "11 weeks"]
    voided = "select voided_at is not null from review_signature where meaning = 'I vouch for it'"
    assert _rows(changed_copy, voided) == [(True,)]
    testing.manage("app", changed_copy, "verify_signatures")


def test_the_trail_tells_what_happened_to_the_list_of_what_its_rows_became(
    left: str, changed_copy: str, inside: Inside
) -> None:
    """In the words of the form; the raw entries are as they were written."""
    with inside(changed_copy):
        entries = list(
            Event.objects.filter(chain=f"participant:{person(left)}", table_name=LIST).order_by("n")
        )
        told = record_entries(entries)
        names = Names(told)
        descriptions = [describe(entry, names) for entry in told]
    verbs = [description.verb for description in descriptions]
    assert verbs[0].startswith("entered Treatment 1: Antidepressant medication, ")
    assert verbs[-3].startswith("corrected Treatment 1: ")
    assert verbs[-2].startswith("struck out Treatment 2: ")
    assert [(line.label, line.new) for line in descriptions[-3].lines] == [
        ("Dose", "150 mg"),
        ("Duration", "11 weeks"),
    ]
    assert {entry.table_name for entry in entries} == {LIST}
