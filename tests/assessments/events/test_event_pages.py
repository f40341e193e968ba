"""Serious events on the pages where people work, the list of all of them, and one on paper."""

import csv
import io
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from assessments.domain.partial_date import PartialDate
from assessments.entry.codec import RecordEntry, entry_of
from assessments.entry.selectors import FormPlace, form_of, places_of
from assessments.entry.services import correct_record, save_record
from assessments.models import Record
from enrollment.models import Participant
from tests.access.conftest import signed_in
from tests.analysis.conftest import demo
from tests.printed import text_of
from trialsite.accounts.models import AccessEvent, Study, User

__all__ = ["demo"]
pytestmark = pytest.mark.usefixtures("demo")
LIST = "/studies/KETNAL/adverse-events/"
CRITERIA = ("DEATH", "LIFE_THREATENING", "HOSPITALISATION", "DISABILITY", "CONGENITAL")


@pytest.fixture
def place() -> FormPlace:
    participant = (
        Participant.objects.filter(study__code="KETNAL", site__code="01", locks=None)
        .select_related("study", "site", "protocol")
        .order_by("-code")[0]
    )
    return next(place for place in places_of(participant) if place.form.code == "ADVERSE_EVENT")


def person(role: str) -> User:
    return User.objects.get(username=role)


def entry(aware: datetime, **more: Any) -> RecordEntry:
    day = (aware - timedelta(days=1)).date()
    values: dict[str, Any] = {
        "TERM": "Syncope",
        "ONGOING": True,
        "SEVERITY": "SEVERE",
        "SERIOUS": True,
        "AWARE": aware,
        **dict.fromkeys(CRITERIA, False),
        "IMPORTANT": True,
        "RELATED": "NOT RELATED",
        "ACTION": "DOSE NOT CHANGED",
        "OUTCOME": "RECOVERING/RESOLVING",
        "NARRATIVE": "Fainted while standing up; seen at once.",
        **more,
    }
    return RecordEntry(values=values | {"ONSET": PartialDate.of(day)})


def record(place: FormPlace, aware: datetime, **more: Any) -> Record:
    return save_record(
        place, entry(aware.replace(microsecond=0), **more), by=person("investigator"), form_token=uuid.uuid4()
    )


def pages(user: User, saved: Record) -> dict[str, str]:
    client = signed_in(user)
    code = saved.participant.code
    addresses = {
        "today": "/studies/KETNAL/",
        "participant": f"/studies/KETNAL/participants/{code}/",
        "event": f"/records/{saved.pk}/",
        "list": f"{LIST}?kind=serious",
    }
    return {name: client.get(address).content.decode() for name, address in addresses.items()}


@pytest.mark.parametrize("role", ["coordinator", "investigator", "safety"])
def test_a_serious_event_shows_its_clock_until_it_is_reported(role: str, place: FormPlace) -> None:
    aware = (timezone.now() - timedelta(hours=20, minutes=30)).replace(microsecond=0)
    saved = record(place, aware)
    for name, page in pages(person(role), saved).items():
        assert "3 hours left" in page, name
    assert "Report a serious adverse event" in pages(person(role), saved)["today"]
    changed = RecordEntry(
        values={**entry_of(saved, place.form).values, "REPORTED": aware + timedelta(hours=20)}
    )
    correct_record(saved, place, changed, by=person("investigator"), version=1, reason="reported by fax")
    shown = pages(person(role), saved)
    assert "within 24 hours" in shown["event"]
    assert "within 24 hours" in shown["list"]
    assert "Report a serious adverse event" not in shown["today"]
    assert "hours left" not in shown["participant"]


def test_when_the_hours_are_over_it_says_so(place: FormPlace) -> None:
    saved = record(place, timezone.now() - timedelta(hours=30))
    for name, page in pages(person("coordinator"), saved).items():
        assert "Not reported to the sponsor; it was due" in page, name


def test_the_list_is_filtered_and_is_taken_as_the_same_file(place: FormPlace) -> None:
    """30 events with dates that are known in part; no treatment in either."""
    onsets = [PartialDate(2026), PartialDate(2026, 3), PartialDate(2026, 3, 9)]
    for number in range(30):
        values = entry(datetime(2026, 4, 1, 12, tzinfo=UTC), TERM=f"Event {number}", SERIOUS=False).values
        kept = {
            code: value for code, value in values.items() if code not in (*CRITERIA, "IMPORTANT", "AWARE")
        }
        save_record(
            place,
            RecordEntry(values={**kept, "ONSET": onsets[number % 3]}),
            by=person("investigator"),
            form_token=uuid.uuid4(),
        )
    client = signed_in(person("monitor"))
    code = place.participant.code
    page = client.get(f"{LIST}?q={code}").content.decode()
    assert page.count("Event ") >= 30
    assert "Mar 2026" in page
    answer: Any = client.post(f"/studies/KETNAL/adverse-events.csv?q={code}")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["term"] for row in rows if row["term"].startswith("Event ")] == [
        f"Event {n}" for n in range(30)
    ]
    assert {row["onset"] for row in rows if row["term"] in ("Event 0", "Event 1", "Event 2")} == {
        "2026", "2026-03", "2026-03-09",
    }  # fmt: skip
    assert not any("arm" in name or "treatment" in name for name in rows[0])
    serious: Any = client.post("/studies/KETNAL/adverse-events.csv?kind=serious")
    rows = list(csv.DictReader(io.StringIO(b"".join(serious.streaming_content).decode())))
    assert [(row["participant"], row["term"], row["report_state"]) for row in rows] == [
        ("01-007", "Acute appendicitis", "met")
    ]


def test_one_event_on_paper_has_its_history_and_who_took_it_is_kept(place: FormPlace) -> None:
    saved = record(place, timezone.now() - timedelta(hours=2))
    changed = RecordEntry(values={**entry_of(saved, place.form).values, "TERM": "Vasovagal syncope"})
    correct_record(saved, place, changed, by=person("investigator"), version=1, reason="diagnosis known")
    client = signed_in(person("monitor"))
    answer = client.post(f"/records/{saved.pk}/event.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert f"KETNAL-{place.participant.code}-event-{saved.repeat_key}.pdf" in answer["Content-Disposition"]
    words = text_of(answer.content)
    for text in (
        "Vasovagal syncope",
        "diagnosis known",
        "To be reported to the sponsor",
        "Without treatments",
    ):
        assert text in words
    taken = AccessEvent.objects.filter(kind=AccessEvent.Kind.LIST).latest("pk")
    assert taken.about == f"KETNAL adverse event {saved.repeat_key} of {place.participant.code}"


def test_only_an_adverse_event_has_that_report() -> None:
    other = Record.objects.filter(participant__study__code="KETNAL", form="VITALS")[0]
    assert signed_in(person("monitor")).post(f"/records/{other.pk}/event.pdf").status_code == 404


def test_events_of_another_site_are_not_listed() -> None:
    page = signed_in(person("coordinator2")).get(LIST).content.decode()
    assert "02-002" in page
    assert "01-007" not in page


def test_an_event_of_the_demo_is_listed_by_its_labels() -> None:
    study = Study.objects.get(code="KETNAL")
    [serious] = Record.objects.filter(participant__study=study, items__SERIOUS=True)
    assert form_of(serious.definition).by_code["AWARE"].type == "datetime"
    page = signed_in(person("monitor")).get(f"{LIST}?kind=serious").content.decode()
    assert "Acute appendicitis" in page
    assert "Severe" in page
