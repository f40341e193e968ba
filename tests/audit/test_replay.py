"""Whatever is written, by whatever way: the trail alone rebuilds every audited table, row for row."""

import io
import json
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import correct
from enrollment import services
from enrollment.models import Participant, Period, ScreeningFact, Visit
from enrollment.selectors import today_at
from tests.audit.conftest import Inside, connect
from tests.conftest import items, rate
from tests.enrollment.steps import leave
from tests.treatments import add_treatment as listed
from tests.treatments import strike_out
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.audit import replay
from trialsite.lib.errors import Conflict
from trialsite.review.services import Place, raise_queries
from trialsite.stack import testing

Pick = Callable[[Any], Any]


@pytest.fixture(scope="module")
def lively() -> Iterator[str]:
    name = f"lively_{uuid.uuid4().hex[:12]}"
    testing.database(name, testing.DEMO)
    yield name
    testing.drop(name)


def _someone(pick: Pick) -> Participant:
    participant: Participant = pick(list(Participant.objects.filter(study__code="KETNAL").order_by("pk")))
    return participant


def _system() -> User:
    return User.objects.system()


# Services ------------------------------------------------------------------------------------------------


def screen(pick: Pick, n: int) -> None:
    site = Site.objects.filter(study__code="KETNAL").earliest("pk")
    values = {"consented_on": date(2020, 1, 1), "age": 18 + n % 60, "sex": pick(["F", "M"])}
    services.screen(site, by=_system(), kept_because="transferred", **values)


def add_treatment(pick: Pick, n: int) -> None:
    listed(_someone(pick), by=_system(), kind="OTHER", name=f"É'{n}", weeks=n % 50, outcome="NONE")


def remove_treatment(pick: Pick, n: int) -> None:
    participant = pick(list(Participant.objects.filter(status="screening").order_by("pk")))
    treatment = listed(participant, by=_system(), kind="TMS", weeks=n % 50, outcome="NONE")
    strike_out(treatment, by=_system(), reason=f"wrong {n}")


def correct_rating(pick: Pick, n: int) -> None:
    rating = pick(list(Assessment.objects.filter(instrument="HAMD17").order_by("-pk")[:20]))
    entry = AssessmentEntry(items=items(n % 50), rater=f"R{n}", performed_on=rating.performed_on)
    correct(rating, entry, by=_system(), version=rating.version, reason=f"read {n}")


def enter_rating(pick: Pick, n: int) -> None:
    visit = pick(
        list(Visit.objects.filter(assessments=None, participant__study__code="KETNAL").order_by("pk"))
    )
    rate(visit, n % 50, _system())


def plan_period(pick: Pick, n: int) -> None:
    waiting = Period.objects.filter(dosed_on=None, participant__status="randomised")
    period = pick(list(waiting.order_by("pk")))
    when = today_at(period.participant.site) + timedelta(days=20 + n % 30)
    services.plan_period(
        period, when, by=_system(), version=period.version, reason=f"moved {n}", kept_because="far"
    )


def withdraw(pick: Pick, n: int) -> None:
    leave(_someone(pick), _system(), f"moved away {n}")


def ask(pick: Pick, n: int) -> None:
    raise_queries([Place(_someone(pick))], by=_system(), text=f"why {n}?")


# Ways round the services ----------------------------------------------------------------------------------


def queryset_update(pick: Pick, n: int) -> None:
    with audit_context(_system(), reason=f"update {n}"):
        Participant.objects.filter(pk__gt=n % 9).update(age=F("age") + 1)


def bulk_update(pick: Pick, n: int) -> None:
    rows = list(Visit.objects.order_by("-pk")[: n % 40])
    for row in rows:
        row.version += 1
        row.planned_on = (row.planned_on or date(2020, 1, 1)) + timedelta(days=n % 5)
    with audit_context(_system(), reason=f"bulk {n}"):
        Visit.objects.bulk_update(rows, ["planned_on", "version"])


def bulk_create(pick: Pick, n: int) -> None:
    participant = _someone(pick)
    with audit_context(_system()):
        ScreeningFact.objects.bulk_create(
            ScreeningFact(participant=participant, name=f"f_{uuid.uuid4().hex}", value=i, source="bulk")
            for i in range(n % 6)
        )


def raw_sql(pick: Pick, n: int) -> None:
    with audit_context(_system(), reason=f"raw {n}"), connection.cursor() as cursor:
        cursor.execute("set local timezone = 'Asia/Kathmandu'")
        cursor.execute(
            "update assessments_assessment set items = items || %s, entered_at = clock_timestamp(),"
            " total = case when total is not null then assessment_sum(items || %s) end"
            " where id %% 7 = %s and id > %s and items ? 'HAMD101'",
            [changed := json.dumps({"HAMD101": n % 5}), changed, n % 7, n % 60],
        )
        cursor.execute(
            "with gone as (update enrollment_participant set age = null where id = %s returning id)"
            " update accounts_study set short_title = short_title || '.' where exists (select from gone)",
            [1 + n % 9],
        )


def upsert(pick: Pick, n: int) -> None:
    with audit_context(_system(), reason=f"upsert {n}"), connection.cursor() as cursor:
        cursor.execute(
            "insert into enrollment_fact (participant_id, name, value, source, recorded_at)"
            " values (%s, %s, %s, 'raw', now()) on conflict (participant_id, name)"
            " do update set value = excluded.value, source = excluded.source",
            [_someone(pick).pk, pick(["age", "hamd_total", "x"]), n / 3],
        )


def rolled_back(pick: Pick, n: int) -> None:
    with audit_context(_system(), reason="never"):
        try:
            with transaction.atomic():
                queryset_update(pick, n)
                raise ValidationError("no")
        except ValidationError:
            Participant.objects.filter(pk=2).update(sex=pick(["F", "M", "U"]))


def import_file(pick: Pick, n: int) -> None:
    rows = [
        f"01,P{number},1,WEEK{week},2020-01-{6 + week:02},HAMD17,{(n + number * week) % 53}"
        for number in range(n % 4)
        for week in range(4)
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("site,participant,period,visit,date,instrument,total\n" + "\n".join(rows) + "\n")
        file.flush()
        call_command(
            "import_assessments",
            Path(file.name),
            study="REISBY",
            create_participants=True,
            reason=f"file {n}",
            stdout=io.StringIO(),
            stderr=io.StringIO(),
        )


ACTIONS = [
    screen, add_treatment, remove_treatment, correct_rating, enter_rating, plan_period, withdraw, ask,
    queryset_update, bulk_update, bulk_create, raw_sql, upsert, rolled_back, import_file,
]  # fmt: skip
MAY_REFUSE = (ValidationError, PermissionDenied, Conflict, DatabaseError, CommandError)


def _picker(which: int) -> Pick:
    """A number decides, not a draw from what is there: the database lives on from example to example."""

    def pick(among: Any) -> Any:
        if not among:
            raise ValidationError("there is none")
        return among[which % len(among)]

    return pick


def _rebuild(name: str) -> dict[str, tuple[int, int]]:
    """Lay the entries over one another in Python, store them as rows of empty copies of the tables, and count
    the rows that are in one and not in the other: table → (only in the trail, only in the table)."""
    with connect("setup", name) as session, session.cursor() as cursor:
        rebuilt: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
        cursor.execute("select table_name, row_pk, new from audit.event order by chain, n")
        for table, row, new in cursor.fetchall():
            rebuilt[table][row].update(new)
        counts = {}
        for table in replay.audited(cursor):
            cursor.execute(f"create temporary table rebuilt (like public.{table})")
            cursor.execute(
                "select attname from pg_attribute where attrelid = 'rebuilt'::regclass and attnum > 0"
            )
            names = [name for (name,) in cursor.fetchall() if name not in ("password", "token_sha256")]
            for secret in ("password", "token_sha256"):
                cursor.execute(f"alter table rebuilt drop column if exists {secret}")
            cursor.execute(
                f"insert into rebuilt ({', '.join(names)}) select {', '.join(names)}"
                f" from jsonb_populate_recordset(null::public.{table}, %s)",
                [json.dumps(list(rebuilt[table].values()))],
            )
            columns = ", ".join(names)
            only = []
            for first, second in (("rebuilt", f"public.{table}"), (f"public.{table}", "rebuilt")):
                cursor.execute(
                    f"select count(*) from (select {columns} from {first} except all select {columns} from {second}) x"
                )
                only.append(cursor.fetchone()[0])
            counts[table] = (only[0], only[1])
            cursor.execute("drop table rebuilt")
        session.rollback()
    return counts


@pytest.mark.requirement("AUD-01")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from(ACTIONS), st.integers(0, 10_000), st.integers(0, 10_000)),
        min_size=1,
        max_size=12,
    )
)
def test_the_trail_rebuilds_every_table_row_for_row(
    lively: str, inside: Inside, steps: list[tuple[Callable[[Pick, int], None], int, int]]
) -> None:
    with inside(lively):
        for action, n, which in steps:
            try:
                action(_picker(which), n)
            except MAY_REFUSE:
                continue
        with connection.cursor() as cursor:
            assert list(map(str, replay.differences(cursor))) == []
            cursor.execute("select chain, n, problem from audit.verify()")
            assert cursor.fetchall() == []
    assert {table: pair for table, pair in _rebuild(lively).items() if pair != (0, 0)} == {}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.__name__))
def test_each_action_of_the_mix_writes(
    action: Callable[[Pick, int], None], lively: str, inside: Inside
) -> None:
    """So that the test above is not of nothing: each of them leaves entries for some choice."""
    with inside(lively):
        before = _entries()
        for n in range(1, 30):
            try:
                action(_picker(n), n)
            except MAY_REFUSE:
                continue
            if _entries() > before:
                return
    pytest.fail("wrote nothing")


def _entries() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from audit.event")
        return int(cursor.fetchone()[0])


def test_a_write_past_the_trigger_is_seen(spoilt: str) -> None:
    """The rebuilding itself notices one value that the trail was not told."""
    with connect("setup", spoilt) as session, session, session.cursor() as cursor:
        cursor.execute("alter table accounts_study disable trigger audit_update")
        cursor.execute("update accounts_study set short_title = 'other' where code = 'KETNAL'")
    assert _rebuild(spoilt)["accounts_study"] == (1, 1)


# What migrate looks at ------------------------------------------------------------------------------------


CHANGES = {
    "a value": "update enrollment_fact set value = value + 1 where id = (select min(id) from enrollment_fact)",
    "a row more": "insert into enrollment_fact (participant_id, name, source, recorded_at)"
    " select min(id), 'new', 's', now() from enrollment_participant",
    "a row fewer": "delete from enrollment_fact where id = (select max(id) from enrollment_fact)",
    "one row for another": "with gone as (delete from enrollment_fact where id = (select max(id) from enrollment_fact)"
    " returning participant_id) insert into enrollment_fact (participant_id, name, source, recorded_at)"
    " select participant_id, 'other', 's', now() from gone",
    "a column with a default": "alter table enrollment_fact add column note text not null default 'none'",
    "a column renamed": "alter table enrollment_fact rename column source to origin",
    "another type": "alter table enrollment_fact alter column value type numeric(10, 3)",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_table_that_a_migration_may_have_changed_is_looked_at_again(lively: str, change: str) -> None:
    """Also where no trigger saw it; the others are not."""
    with connect("setup", lively) as session, session.cursor() as cursor:
        session.autocommit = True
        cursor.execute("vacuum freeze enrollment_fact")
        before = replay.marks(cursor)
        assert replay.touched(cursor, before) == []
        session.autocommit = False
        cursor.execute("alter table enrollment_fact disable trigger all")
        cursor.execute(change)
        assert replay.touched(cursor, before) == ["enrollment_fact"]
        session.rollback()
