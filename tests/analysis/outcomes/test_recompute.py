"""What is owed is paid once: by one worker or many, whatever dies, and with or without a broker."""

import threading
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.models import Outcome
from analysis.outcomes.services import recompute
from analysis.tasks import sweep
from assessments.domain.entry import AssessmentEntry
from assessments.domain.instrument import catalogue
from assessments.domain.longform import ImportRow
from assessments.importing import Importer
from assessments.models import Assessment
from assessments.rating.services import correct
from enrollment.models import Participant
from enrollment.services import load_protocol
from tests.assessments.importing import HEADER, PROTOCOL
from tests.conftest import items
from trialsite.accounts.models import Study, User
from trialsite.audit import outbox
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue, process_outbox
from trialsite.stack import testing

RECOMPUTE = Outbox.Kind.RECOMPUTE
VISITS = ("BL", "WK2", "WK4", "WK8")
DERIVED = (
    "baseline",
    "change",
    "response",
    "remission",
    "evaluable",
    "sustained",
    "relapse",
    "relapse_visit",
    "visits",
    "subscales",
)


def owed() -> dict[int, int]:
    """Participant → failed attempts, of every debt that stands."""
    return dict(Outbox.objects.filter(kind=RECOMPUTE).values_list("subject", "attempts"))


@pytest.fixture
def everybody(demo: str) -> list[int]:
    """Those of the demo with outcomes; nothing is owed."""
    Outbox.objects.all().delete()
    return sorted(set(Outcome.objects.values_list("participant", flat=True)))


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few at a time that several workers have something to do."""
    monkeypatch.setattr(outbox, "BATCH", 2)


@pytest.mark.requirement("DER-03")
def test_workers_at_once_do_everything_once(everybody: list[int], small_batches: None) -> None:
    """Four workers at the same moment: each debt is paid by one of them, none is left out."""
    enqueue(RECOMPUTE, everybody)
    Outbox.objects.exclude(kind=RECOMPUTE).delete()
    done: list[int] = []
    start = threading.Barrier(4)

    def work(subjects: Sequence[int]) -> None:
        recompute(subjects)
        done.extend(subjects)

    def worker(_: int) -> int:
        try:
            start.wait()
            return process_outbox(RECOMPUTE, work)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(worker, range(4))) == len(done)
    assert owed() == {}
    assert sorted(done) == everybody


def test_one_bad_participant_does_not_hold_up_the_others(everybody: list[int]) -> None:
    """The others are paid at once; the bad one stays owed with its error, and is tried again later, not now."""
    bad = everybody[3]
    enqueue(RECOMPUTE, everybody)
    paid: set[int] = set()

    def work(subjects: Sequence[int]) -> None:
        if bad in subjects:
            raise ValueError("cannot be derived")
        recompute(subjects)
        paid.update(subjects)

    process_outbox(RECOMPUTE, work)
    assert paid == set(everybody) - {bad}
    assert owed() == {bad: 1}
    debt = Outbox.objects.get(kind=RECOMPUTE)
    assert debt.error == "ValueError: cannot be derived"
    assert debt.not_before > timezone.now()
    assert process_outbox(RECOMPUTE, work) == 0
    Outbox.objects.filter(pk=debt.pk).update(not_before=timezone.now())
    process_outbox(RECOMPUTE, work)
    assert owed() == {bad: 2}
    Outbox.objects.filter(subject=bad).update(not_before=timezone.now())
    process_outbox(RECOMPUTE, recompute)
    assert owed() == {}


@pytest.mark.requirement("DER-03")
def test_a_worker_that_dies_leaves_its_debts(everybody: list[int]) -> None:
    """Its connection is cut in the middle: nothing of the batch counts, and the next worker does it all."""
    enqueue(RECOMPUTE, everybody)

    def dies(subjects: Sequence[int]) -> None:
        recompute(subjects)
        with connection.cursor() as cursor:
            cursor.execute("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Exception, match=r"connection|terminat"):
        process_outbox(RECOMPUTE, dies)
    connection.close()
    assert set(owed()) == set(everybody)
    process_outbox(RECOMPUTE, recompute)
    assert owed() == {}


def some_rating() -> Assessment:
    """A rating of day 1 of somebody under way, whose record nobody has locked yet."""
    under_way = Assessment.objects.filter(visit__code="DAY1", participant__status="randomised")
    return under_way.select_related("visit__period").earliest("pk")


def test_a_save_that_is_undone_owes_nothing(everybody: list[int]) -> None:
    """The debt is in the transaction of the save."""
    rating = some_rating()
    entry = AssessmentEntry(items=items(3), rater="R", performed_on=rating.performed_on)
    with transaction.atomic():
        correct(rating, entry, by=User.objects.system(), version=rating.version, reason="misread")
        assert rating.participant_id in owed()
        transaction.set_rollback(True)
    assert owed() == {}


def test_the_sweep_catches_up_with_what_no_bell_announced(everybody: list[int]) -> None:
    """A save whose message was lost is paid by the next sweep, and the figures follow."""
    rating = some_rating()
    entry = AssessmentEntry(items=items(0), rater="R", performed_on=rating.performed_on)
    correct(rating, entry, by=User.objects.system(), version=rating.version, reason="misread")
    sweep.apply()
    assert owed() == {}
    assert rating.visit.period
    found = Outcome.objects.get(participant=rating.participant_id, period=rating.visit.period.number)
    assert (found.visits["DAY1"]["total"], found.remission) == (0, True)
    assert found.inputs["DAY1"] == [rating.pk, rating.version + 1]
    assert not Outbox.objects.filter(kind=Outbox.Kind.SUMMARY).exists()


@pytest.mark.requirement("DER-03")
def test_without_a_broker_nothing_fails_and_nothing_is_lost(committed: str, tmp_path: Path) -> None:
    """Redis is down: the import is saved, its people are owed, and a sweep computes them later."""
    file = tmp_path / "ratings.csv"
    rows = [f"01,P{n},1,WEEK{w},2020-01-08,HAMD17,{20 - 3 * w}" for n in range(5) for w in (0, 5)]
    file.write_text("\n".join((HEADER, *rows, "")))
    down = {"REDIS_URL": "redis://127.0.0.1:1/0"}
    command = ("import_assessments", str(file), "--study", "REISBY", "--create-participants")
    testing.manage("app", committed, *command, **down)
    people = set(Participant.objects.filter(study__code="REISBY").values_list("pk", flat=True))
    assert len(people) == 5
    assert set(owed()) >= people
    assert not Outcome.objects.exists()
    sweep.apply()
    assert Outcome.objects.filter(study__code="REISBY", response=True).count() == 5


def snapshot(study: Study) -> dict[str, tuple[Any, ...]]:
    rows = Outcome.objects.filter(study=study).values_list("participant__code", *DERIVED)
    return {row[0]: row[1:] for row in rows}


def test_recomputing_everybody_changes_nothing(everybody: list[int]) -> None:
    """Idempotent, once and twice: the same rows, with the time at which they were first derived."""
    before = list(Outcome.objects.order_by("pk").values())
    for _ in range(2):
        recompute(everybody)
    assert list(Outcome.objects.order_by("pk").values()) == before


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def twins(db: None) -> tuple[Study, Study]:
    """Two studies by one protocol."""
    system = User.objects.system()
    first, second = (
        load_protocol(PROTOCOL.replace("ASPEN", code), by=system, catalogue=catalogue())[0]
        for code in ("ONE", "TWO")
    )
    return first.study, second.study


def bring(study: Study, ratings: Sequence[tuple[str, str, int]]) -> None:
    importer = Importer(study, create_participants=True)
    rows = [
        ImportRow(line, "A", code, 1, visit, date(2024, 1, 8) + timedelta(days=line), "HAMD17", total, {})
        for line, (code, visit, total) in enumerate(ratings, 2)
    ]
    plan = importer.plan(rows)
    assert plan.problems == []
    importer.carry_out(
        rows, plan.basis, by=User.objects.system(), reason=uuid.uuid4().hex, progress=lambda n: None
    )


ratings = st.dictionaries(
    st.tuples(st.sampled_from(["P1", "P2", "P3"]), st.sampled_from(VISITS)), st.integers(0, 52), min_size=1
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(values=ratings, data=st.data())
def test_one_by_one_comes_to_the_same_as_all_at_once(
    values: dict[tuple[str, str], int], data: st.DataObject, twins: tuple[Study, Study]
) -> None:
    """Ratings that arrive in any order, with a recompute of their participant after each, or in one file with
    one recompute of everybody: the same outcomes."""
    one, two = twins
    rows = [(code, visit, total) for (code, visit), total in values.items()]
    with undone():
        for row in data.draw(st.permutations(rows)):
            bring(one, [row])
            recompute([Participant.objects.get(study=one, code=row[0]).pk])
        bring(two, rows)
        recompute(list(Participant.objects.filter(study=two).values_list("pk", flat=True)))
        assert snapshot(one) == snapshot(two)
        assert len(snapshot(two)) == len({code for code, _, _ in rows})
