"""Importing ratings into a trial that is under way: beside people who screen, rate, sign and lock."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from assessments.domain.entry import AssessmentEntry
from assessments.rating.services import complete
from enrollment import services
from enrollment.models import Participant
from enrollment.selectors import today_at
from tests.assessments.importing import HEADER, run
from tests.conftest import MakeUser, items, rate, sign
from trialsite.accounts.models import Study, User
from trialsite.review.services import lock

pytestmark = pytest.mark.django_db


def test_a_trial_that_randomises_enrols_nobody_by_file(tmp_path: Path, study: Study) -> None:
    """Said at once, before the file is read, and once; without the option each row says it."""
    file = tmp_path / "ratings.csv"
    file.write_text(f"{HEADER}\n01,P1,1,BASELINE,2024-01-08,HAMD17,26\n")
    done = run(file, study.code, "--create-participants")
    assert done.error.startswith("--create-participants: KETNAL randomises")
    assert done.problems == []
    assert "screen and randomise them first" in run(file, study.code).problems[0]
    assert not Participant.objects.filter(study=study).exists()


def in_items(values: dict[str, int | None], participant: str, visit: str, on: object) -> tuple[str, str]:
    """Header and row of a rating by its items; None is NA."""
    header = HEADER.removesuffix("total") + ",".join(values)
    cells = ",".join("NA" if value is None else str(value) for value in values.values())
    return header, f"01,{participant},1,{visit},{on},HAMD17,{cells}"


@pytest.fixture
def treated(randomised: Participant, coordinator: User) -> Participant:
    """In the crossover trial, the first infusion ten days ago."""
    first = randomised.periods.get(number=1)
    day0 = today_at(randomised.site) - timedelta(days=10)
    services.record_dosing(first, day0, by=coordinator, version=first.version)
    return randomised


def test_items_are_imported_into_a_running_trial(treated: Participant, tmp_path: Path) -> None:
    """Items with their sum; an item without a value is missing for a reason the file does not tell, so no total."""
    on = today_at(treated.site) - timedelta(days=9)
    file = tmp_path / "items.csv"
    header, row = in_items(items(30), treated.code, "DAY1", on)
    _, gap = in_items(items(30) | {"HAMD104": None}, treated.code, "DAY3", on)
    file.write_text(f"{header}\n{row}\n{gap}\n")
    assert run(file, "KETNAL").error == ""
    whole, part = treated.assessments.filter(visit__period__number=1).order_by("visit__day")
    assert (whole.total, whole.status, whole.missing) == (30, "complete", {})
    assert (part.total, part.status, part.missing) == (None, "entered", {"HAMD104": "not_recorded"})


def test_an_item_that_the_paper_form_calls_not_assessed_is_missing_for_that_reason(
    treated: Participant, tmp_path: Path
) -> None:
    """16A = 3: no points, no total, the reason recorded, and a notice; 16B rated beside it is the rating."""
    on = today_at(treated.site) - timedelta(days=9)
    file = tmp_path / "items.csv"
    header, row = in_items(items(30) | {"HAMD116A": 3, "HAMD116B": None}, treated.code, "DAY1", on)
    _, other = in_items(items(30) | {"HAMD116A": 3, "HAMD116B": 1}, treated.code, "DAY3", on)
    file.write_text(f"{header}\n{row}\n{other}\n")
    done = run(file, "KETNAL")
    assert done.error == ""
    assert "In 1 ratings an item has the number that means “not assessed”" in done.out
    part, whole = treated.assessments.filter(visit__period__number=1).order_by("visit__day")
    assert (part.total, part.missing) == (None, {"HAMD116A": "not_assessed"})
    assert (whole.missing, whole.items["HAMD116B"]) == ({}, 1)
    assert "2 the same" in run(file, "KETNAL").out


def test_a_file_without_reasons_keeps_those_that_people_gave(
    treated: Participant, coordinator: User, tmp_path: Path
) -> None:
    """NA says less than "refused" does; another item of the same rating is corrected."""
    on = today_at(treated.site) - timedelta(days=9)
    visit = treated.periods.get(number=1).visits.get(code="DAY1")
    typed = items(30) | {"HAMD104": None}
    entry = AssessmentEntry(items=typed, missing={"HAMD104": "refused"}, rater="R", performed_on=on)
    complete(visit, "HAMD17", entry, by=coordinator, form_token=uuid.uuid4())
    file = tmp_path / "items.csv"
    file.write_text("\n".join(in_items(typed | {"HAMD101": 0}, treated.code, "DAY1", on)))
    assert run(file, "KETNAL", "--reason", "source says 0").error == ""
    saved = visit.assessments.get()
    assert (saved.items["HAMD101"], saved.missing) == (0, {"HAMD104": "refused"})


def test_a_trial_that_wants_items_takes_no_total_alone(treated: Participant, tmp_path: Path) -> None:
    file = tmp_path / "total.csv"
    file.write_text(f"{HEADER}\n01,{treated.code},1,DAY1,{today_at(treated.site)},HAMD17,20\n")
    assert "needs the items, not a total alone" in run(file, "KETNAL").problems[0]


@pytest.mark.parametrize(("item", "value"), [("HAMD101", 5), ("HAMD104", 3), ("HAMD116B", 1)])
def test_items_obey_the_edition_and_the_alternatives(
    item: str, value: int, treated: Participant, tmp_path: Path
) -> None:
    file = tmp_path / "items.csv"
    values = items(30) | {item: value}
    file.write_text(
        "\n".join(in_items(values, treated.code, "DAY1", timezone.localdate() - timedelta(days=1)))
    )
    assert run(file, "KETNAL").error.startswith("1 problems")


def test_a_rating_before_consent_is_told(treated: Participant, tmp_path: Path) -> None:
    """As it is when it is typed."""
    assert treated.consented_on
    file = tmp_path / "items.csv"
    early = treated.consented_on - timedelta(days=1)
    file.write_text("\n".join(in_items(items(30), treated.code, "DAY1", early)))
    assert "before the consent date" in run(file, "KETNAL").problems[0]


def test_a_visit_marked_as_missed_is_told(treated: Participant, coordinator: User, tmp_path: Path) -> None:
    """A decision of a person is not overturned by a file."""
    visit = treated.periods.get(number=1).visits.get(code="DAY1")
    services.mark_missed(visit, by=coordinator, reason="abroad")
    file = tmp_path / "items.csv"
    file.write_text(
        "\n".join(in_items(items(30), treated.code, "DAY1", timezone.localdate() - timedelta(days=1)))
    )
    assert "marked as missed" in run(file, "KETNAL").problems[0]


def test_a_rating_that_was_typed_is_changed_by_a_file_with_a_reason_only(
    treated: Participant, coordinator: User, tmp_path: Path
) -> None:
    """The person's rating and version are held against the file like any saved value."""
    on = today_at(treated.site) - timedelta(days=9)
    typed = rate(treated.periods.get(number=1).visits.get(code="DAY1"), 20, coordinator, on=on)
    file = tmp_path / "items.csv"
    file.write_text("\n".join(in_items(items(20), treated.code, "DAY1", on)))
    assert "1 the same" in run(file, "KETNAL").out
    file.write_text("\n".join(in_items(items(24), treated.code, "DAY1", on)))
    assert "say why" in run(file, "KETNAL").error
    run(file, "KETNAL", "--reason", "source says 24")
    typed.refresh_from_db()
    assert (typed.total, typed.version, typed.rater) == (24, 2, "R")


def test_a_locked_record_is_not_changed_by_a_file(
    treated: Participant, coordinator: User, investigator: User, make_user: MakeUser, tmp_path: Path
) -> None:
    """The whole file is refused in words."""
    on = today_at(treated.site) - timedelta(days=9)
    visit = treated.periods.get(number=1).visits.get(code="DAY1")
    rate(visit, 20, coordinator, on=on)
    visit.refresh_from_db()
    sign(treated, visit, by=investigator, meaning="reviewed")
    lock(treated.study, treated, visit, by=make_user("datamanager"), reason="cleaned")
    file = tmp_path / "items.csv"
    file.write_text("\n".join(in_items(items(24), treated.code, "DAY1", on)))
    assert "locked" in run(file, "KETNAL", "--reason", "source says 24").error
    assert visit.assessments.get().total == 20


def test_a_rating_recorded_as_not_done_is_a_change(
    treated: Participant, coordinator: User, tmp_path: Path
) -> None:
    """It was made after all: its old reason for not being done goes."""
    visit = treated.periods.get(number=1).visits.get(code="DAY1")
    complete(
        visit,
        "HAMD17",
        AssessmentEntry(items={}, not_done_reason="ill"),
        by=coordinator,
        form_token=uuid.uuid4(),
    )
    file = tmp_path / "items.csv"
    on = today_at(treated.site) - timedelta(days=9)
    file.write_text("\n".join(in_items(items(24), treated.code, "DAY1", on)))
    run(file, "KETNAL", "--reason", "found the form")
    saved = visit.assessments.get()
    assert (saved.total, saved.status, saved.not_done_reason) == (24, "complete", "")
