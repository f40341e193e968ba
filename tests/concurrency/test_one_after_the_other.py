"""What one person does while another has done the same and not committed yet: it waits, and then sees it."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from assessments.deviations.services import review_deviation
from assessments.domain.entry import AssessmentEntry
from assessments.domain.instrument import load
from assessments.entry.selectors import places_of
from assessments.entry.services import _check_open, _next_key
from assessments.models import Deviation, Record, Wording
from assessments.rating.services import complete, correct
from assessments.wording.services import load_wording
from enrollment import services
from enrollment.models import Participant
from enrollment.selectors import today_at
from tests.assessments.importing import run
from tests.assessments.test_import_running import in_items
from tests.conftest import items, make_screened, rate
from tests.enrollment.steps import dose
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Site, Study, User
from trialsite.accounts.rehearsal import confirmed
from trialsite.audit.models import Event

Result = TypeVar("Result")
HELD_UP = "select exists (select from pg_locks l where not l.granted and pg_backend_pid() = any (pg_blocking_pids(l.pid)))"


def while_uncommitted(first: Callable[[], object], second: Callable[[], Result]) -> Result:
    """What `second` gives, begun on a connection of its own after `first`, which is committed only when `second` waits
    for it or has ended without waiting."""

    def apart() -> Result:
        try:
            return second()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            first()
            running = pool.submit(apart)
            held_up = False
            while not held_up and not running.done():
                time.sleep(0.01)
                cursor.execute(HELD_UP)
                (held_up,) = cursor.fetchone()
        return running.result()


@pytest.mark.requirement("RND-02")
def test_a_participant_randomised_by_two_at_once_is_randomised_once(
    committed: str, eligible: Participant, coordinator: User
) -> None:
    """The second one waits for the row and is answered with what the first one made: no error, nothing twice."""
    second = while_uncommitted(
        lambda: services.randomise(eligible, by=coordinator),
        lambda: services.randomise(eligible, by=coordinator),
    )
    assert (second.status, second.version) == ("randomised", eligible.version + 1)
    assert second.periods.count() == 2
    assert Event.objects.filter(reason="randomised", table_name="enrollment_participant").count() == 1


def test_two_people_screened_at_once_get_a_code_each(committed: str, site: Site, coordinator: User) -> None:
    """The second one waits for the code of the first and gets the next one."""

    def screen() -> Participant:
        return services.screen(site, by=coordinator, consented_on=today_at(site), age=40, sex="F")

    second = while_uncommitted(screen, screen)
    assert second.code == "01-002"
    assert sorted(Participant.objects.filter(site=site).values_list("code", flat=True)) == [
        "01-001",
        "01-002",
    ]


@pytest.mark.requirement("ENT-03", "IMP-01")
def test_an_import_does_not_overwrite_what_somebody_corrects_meanwhile(
    committed: str, randomised: Participant, coordinator: User, tmp_path: Path
) -> None:
    """It looked at the first version of the rating; when it comes to write, there is a second: it writes nothing."""
    day0 = today_at(randomised.site) - timedelta(days=10)
    dose(randomised, 1, day0, coordinator)
    visit = randomised.periods.get(number=1).visits.get(code="DAY1")
    rating = rate(visit, 20, coordinator, on=day0 + timedelta(days=1))
    file = tmp_path / "items.csv"
    file.write_text("\n".join(in_items(items(24), randomised.code, "DAY1", rating.performed_on)))
    entry = AssessmentEntry(items=items(22), rater="R", performed_on=rating.performed_on)
    done = while_uncommitted(
        lambda: correct(rating, entry, by=coordinator, version=1, reason="misread"),
        lambda: run(file, "KETNAL", "--reason", "source says 24"),
    )
    assert done.error.endswith("Nothing was imported; run it again.")
    rating.refresh_from_db()
    assert (rating.total, rating.version) == (22, 2)


def test_two_first_wordings_at_once_are_one_and_its_change(
    committed: str, site: Site, coordinator: User
) -> None:
    """The second one waits, and is asked for a reason as for any change."""
    scale = load("CADSS")
    lines = [f"{item.number},Invented question {item.number}" for item in scale.items]
    first, second = (
        "\n".join(["item,wording,0,1,2,3,4", *lines[:-1], last]) for last in (lines[-1], lines[-1] + "?")
    )
    with pytest.raises(ValidationError, match="Give the reason for the change"):
        while_uncommitted(
            lambda: load_wording(site, scale, first, by=coordinator),
            lambda: load_wording(site, scale, second, by=coordinator),
        )
    assert Wording.objects.get().items[scale.items[-1].code]["name"] == lines[-1].partition(",")[2]


def test_a_role_that_ends_meanwhile_is_refused_as_any_other(
    committed: str, site: Site, coordinator: User, investigator: User
) -> None:
    """It ended after the service had looked, while the participant was held by somebody else: no error page."""
    screened = make_screened(site, coordinator)

    def end_role() -> None:
        Participant.objects.select_for_update().get(pk=screened.pk)
        with audit_context(User.objects.system(), reason="left"):
            Membership.objects.filter(user=investigator).update(ends_at=timezone.now())

    with confirmed(investigator):
        session = copy_context()
        with pytest.raises(PermissionDenied):
            while_uncommitted(
                end_role, lambda: session.run(services.confirm_eligibility, screened, by=investigator)
            )
    assert not screened.decisions.exists()


def test_a_study_does_not_become_real_beside_the_screening_of_an_invented_participant(
    committed: str, site: Site, coordinator: User
) -> None:
    def change() -> None:
        with audit_context(User.objects.system(), reason="real from now on"):
            Study.objects.filter(pk=site.study_id).update(synthetic=False)

    with pytest.raises(DatabaseError, match="whether they are invented cannot be changed"):
        while_uncommitted(lambda: make_screened(site, coordinator), change)


def test_two_rows_added_at_once_get_a_number_each(
    committed: str, randomised: Participant, coordinator: User
) -> None:
    """The second one waits for the participant, and takes the next number."""
    place = next(place for place in places_of(randomised) if place.form.code == "DEVIATION")

    def add() -> Record:
        # Whether the form is answered well is its own test's: what counts here is the number.
        with audit_context(coordinator, reason="test"):
            _check_open(place)
            return Record.objects.create(
                participant=randomised, definition=place.definition, form="DEVIATION",
                repeat_key=_next_key(place), status="complete", items={"X": "x"},
                entered_by=coordinator, form_token=uuid.uuid4(),
            )  # fmt: skip

    assert while_uncommitted(add, add).repeat_key == 2


@pytest.mark.requirement("DEV-01")
def test_two_saves_at_once_file_one_deviation(
    committed: str, randomised: Participant, coordinator: User
) -> None:
    """Two ratings of one visit that was late: each save sees the same, one row stands, and nobody is refused."""
    day0 = today_at(randomised.site) - timedelta(days=20)
    dose(randomised, 1, day0, coordinator)
    baseline = randomised.periods.get(number=1).visits.get(code="BASELINE")
    late = day0 + timedelta(days=2)

    def enter(instrument: str) -> None:
        calm: dict[str, int | None] = {item.code: 0 for item in load(instrument).items}
        values = items(20) if instrument == "HAMD17" else calm
        entry = AssessmentEntry(items=values, rater="R", performed_on=late)
        complete(baseline, instrument, entry, by=coordinator, form_token=uuid.uuid4())

    while_uncommitted(lambda: enter("HAMD17"), lambda: enter("CADSS"))
    rules = Deviation.objects.values_list("rule", "status", "version")
    assert sorted(rules) == [("rating_after_dose", "open", 1), ("visit_window", "open", 1)]


@pytest.mark.requirement("DEV-01")
def test_what_two_change_at_once_is_filed_by_what_both_left(
    committed: str, randomised: Participant, coordinator: User
) -> None:
    """One corrects the infusion's day while another enters a rating that was late by the day before: the one who waits sees
    both, and files nothing that is not so."""
    day0 = today_at(randomised.site) - timedelta(days=20)
    dose(randomised, 1, day0, coordinator)
    visits = randomised.periods.get(number=1).visits
    rate(visits.get(code="BASELINE"), 25, coordinator, on=day0)
    while_uncommitted(
        lambda: dose(randomised, 1, day0 + timedelta(days=3), coordinator, reason="wrong page"),
        lambda: rate(visits.get(code="DAY3"), 20, coordinator, on=day0 + timedelta(days=6)),
    )
    standing = Deviation.objects.standing().values_list("rule", "visit__code", "days")
    assert list(standing) == [("visit_window", "BASELINE", -3)]


@pytest.mark.requirement("DEV-02")
def test_a_review_while_the_cause_is_corrected_is_refused_and_blocks_nobody(
    committed: str, randomised: Participant, coordinator: User
) -> None:
    """The reviewer waits for the correction and is told of it."""
    day0 = today_at(randomised.site) - timedelta(days=20)
    dose(randomised, 1, day0, coordinator)
    visits = randomised.periods.get(number=1).visits
    rate(visits.get(code="BASELINE"), 25, coordinator, on=day0)
    rating = rate(visits.get(code="DAY3"), 20, coordinator, on=day0 + timedelta(days=6))
    deviation = Deviation.objects.select_related("participant__study", "participant__site").get()
    entry = AssessmentEntry(items=items(20), rater="R", performed_on=day0 + timedelta(days=3))
    with pytest.raises(ValidationError, match="cause corrected"):
        while_uncommitted(
            lambda: correct(rating, entry, by=coordinator, version=1, reason="misread"),
            lambda: review_deviation(deviation, by=coordinator, text="late train", action="none: once"),
        )
