"""One study's report never holds up another's."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from analysis.monitoring.services import closed
from analysis.monitoring.services.closed import report_partitions
from enrollment.models import Participant
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue, process_partitions

REPORT = Outbox.Kind.REPORT
FAST, SLOW, OTHER = 1, 2, 3


def apart(subjects: Sequence[int]) -> list[tuple[int, int]]:
    return [(subject, subject) for subject in subjects]


def owed() -> list[int]:
    return sorted(Outbox.objects.filter(kind=REPORT).values_list("subject", flat=True))


@pytest.fixture
def three(committed: str) -> None:
    Outbox.objects.all().delete()
    with transaction.atomic():
        enqueue(REPORT, [FAST, SLOW, OTHER])
        enqueue(REPORT, [SLOW])


@pytest.mark.parametrize(
    ("lanes", "meanwhile", "afterwards"),
    [
        ({FAST: FAST, SLOW: SLOW, OTHER: OTHER}, [FAST, OTHER], [SLOW]),
        ({FAST: FAST, SLOW: 0, OTHER: 0}, [FAST], [SLOW, OTHER]),
    ],
    ids=["each in its own lane", "two share a lane"],
)
def test_a_report_that_takes_long_lets_the_others_pass(
    three: None, lanes: dict[int, int], meanwhile: list[int], afterwards: list[int]
) -> None:
    """While one process computes the slow one, another computes what is in other lanes, and leaves that lane alone."""
    begun, go_on = threading.Event(), threading.Event()
    done: list[int] = []

    def work(subjects: Sequence[int]) -> None:
        if subjects == [SLOW]:
            begun.set()
            assert go_on.wait(20)
        done.extend(subjects)

    def slow_first(subjects: Sequence[int]) -> list[tuple[int, int]]:
        return sorted(((one, lanes[one]) for one in subjects), key=lambda pair: pair[0] != SLOW)

    def busy() -> int:
        try:
            return process_partitions(REPORT, work, slow_first)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(busy)
        assert begun.wait(20)
        try:
            assert process_partitions(REPORT, work, slow_first) == len(meanwhile)
            assert sorted(done) == meanwhile
        finally:
            go_on.set()
        assert slow.result(20) == len(afterwards)
    assert done[len(meanwhile) :] == afterwards
    assert owed() == []


def test_what_is_owed_twice_is_computed_once(three: None) -> None:
    done: list[int] = []
    process_partitions(REPORT, done.extend, apart)
    assert sorted(done) == [FAST, SLOW, OTHER]
    assert owed() == []


def test_a_report_that_fails_is_owed_again_and_the_others_are_there(three: None) -> None:
    done: list[int] = []

    def work(subjects: Sequence[int]) -> None:
        if SLOW in subjects:
            raise ValueError("cannot be computed")
        done.extend(subjects)

    process_partitions(REPORT, work, apart)
    assert sorted(done) == [FAST, OTHER]
    assert owed() == [SLOW]
    assert Outbox.objects.get(kind=REPORT).error == "ValueError: cannot be computed"


@pytest.mark.django_db
def test_small_studies_come_first_and_large_ones_one_at_a_time(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the number of participants; large ones share a lane, so that a process is left for the small."""
    other = Study.objects.exclude(pk=study.pk).first()
    assert other
    site = study.sites.all()[0]
    people = [
        Participant(study=study, site=site, protocol=study.protocols.latest(), code=f"X-{n}")
        for n in range(3)
    ]
    with audit_context(User.objects.system(), reason="three people"):
        Participant.objects.bulk_create(people)
    assert report_partitions([study.pk, other.pk]) == [(other.pk, other.pk), (study.pk, study.pk)]
    monkeypatch.setattr(closed, "LARGE", 2)
    assert report_partitions([study.pk, other.pk]) == [(other.pk, other.pk), (study.pk, 0)]
