"""What its author alone reads: no page, print, trail, file or export tells it to anybody else who is blinded."""

import csv
import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from analysis.exports.tables import tables
from assessments.casebook.content import casebook_of
from assessments.entry import services as records
from assessments.entry.codec import RecordEntry
from assessments.entry.selectors import FormPlace, places_at
from assessments.models import Record
from enrollment.models import Visit
from tests.assessments.entry.test_reviewed_records import entry_of, place_of
from tests.conftest import MakeUser
from trialsite.accounts.models import Site, User
from trialsite.review.models import Query

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
# Words of the form that stand nowhere else in the record.
SECRETS = (
    "Naltrexone",
    ">NAL<",
    ": NAL",
    '"NAL"',
    "felt calmer than ever",
    "mistyped the guess",
    "CONFIDENCE",
)


@pytest.fixture
def day_one(baseline: Visit) -> Visit:
    return Visit.objects.select_related("participant").get(period=baseline.period, code="DAY1")


def guess_at(visit: Visit, form: str) -> FormPlace:
    return place_of(places_at(visit), form)


def answers(place: FormPlace, guess: str = "NAL") -> RecordEntry:
    typed = {"GUESS": guess, "CONFIDENCE": "73", "REASON": "OTHER", "REASON_TEXT": "felt calmer than ever"}
    return entry_of(place, **typed)


def make_guess(visit: Visit, form: str, by: User) -> Record:
    place = guess_at(visit, form)
    return records.save_record(place, answers(place), by=by, form_token=uuid.uuid4())


@pytest.fixture
def guess(day_one: Visit, coordinator: User) -> Record:
    """The participant's guess, typed in by the coordinator, and corrected."""
    place = guess_at(day_one, "GUESS_PARTICIPANT")
    first = records.save_record(place, answers(place, "PLA"), by=coordinator, form_token=uuid.uuid4())
    return records.correct_record(
        first, place, answers(place), by=coordinator, version=first.version, reason="mistyped the guess"
    )


def secrets_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def read(response: object) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


@pytest.mark.requirement("BLD-05")
def test_nobody_else_reads_it_on_a_page(
    guess: Record, day_one: Visit, coordinator: User, investigator: User, make_user: MakeUser, site: Site,
    as_user: SignIn,
) -> None:  # fmt: skip
    """Its author does; a second coordinator, the investigator, monitor and data manager see that it is there."""
    others = [
        investigator,
        make_user("coordinator", site),
        make_user("monitor", site),
        make_user("datamanager", site),
    ]
    where = [day_one.participant.study.code, day_one.participant.code]
    addresses = [
        reverse("record", args=[guess.pk]),
        reverse("visit", args=[day_one.pk]),
        reverse("visit_form", args=[day_one.pk, "GUESS_PARTICIPANT"]),
        reverse("review_participant", args=where),
        reverse("participant", args=where),
    ]
    own = read(as_user(coordinator).get(addresses[0]))
    assert "Naltrexone" in own
    for other in others:
        client = as_user(other)
        for address in addresses:
            page = read(client.get(address, follow=True))
            assert secrets_in(page) == [], (other.username, address)
        assert "only the author can read" in read(client.get(addresses[0]))


@pytest.mark.requirement("BLD-05")
def test_nobody_else_changes_it(guess: Record, day_one: Visit, investigator: User, as_user: SignIn) -> None:
    """Neither the page to correct it opens, nor what another copy of the page ran into, nor the service."""
    client, place = as_user(investigator), guess_at(day_one, "GUESS_PARTICIPANT")
    assert client.get(reverse("record_entry", args=[guess.pk])).status_code == 403
    assert client.post(reverse("record_draft", args=[guess.pk]), {}).status_code == 403
    new = reverse("visit_form_new", args=[day_one.pk, "GUESS_PARTICIPANT"])
    typed = {
        "item_GUESS": "DK",
        "performed_on": f"{guess.performed_on:%Y-%m-%d}",
        "form_token": str(uuid.uuid4()),
    }
    answer = client.post(new, typed, follow=True)
    assert "Somebody else has filled in this form" in read(answer)
    assert secrets_in(read(answer)) == []
    with pytest.raises(PermissionDenied):
        records.correct_record(guess, place, answers(place), by=investigator, version=2, reason="mine")


@pytest.mark.requirement("BLD-05")
def test_who_filled_in_one_does_not_fill_in_the_other(
    guess: Record, day_one: Visit, coordinator: User, investigator: User, as_user: SignIn
) -> None:
    """The rater's guess is another person's, at the page and at the service."""
    with pytest.raises(ValidationError, match="another person"):
        make_guess(day_one, "GUESS_RATER", coordinator)
    page = read(as_user(coordinator).get(reverse("visit_form_new", args=[day_one.pk, "GUESS_RATER"])))
    assert "another person fills in this form" in page
    assert "item_GUESS" not in page
    assert make_guess(day_one, "GUESS_RATER", investigator).form == "GUESS_RATER"


def test_nobody_is_asked_about_it(guess: Record, day_one: Visit, coordinator: User, make_user: MakeUser, site: Site,
                                  as_user: SignIn) -> None:  # fmt: skip
    """What is kept though no longer asked raises no query, and no item of it can be queried or verified."""
    place = guess_at(day_one, "GUESS_PARTICIPANT")
    entry = answers(place, "DK")
    kept = RecordEntry(entry.values, entry.missing, {(code, "not_shown"): "" for code in ("CONFIDENCE", "REASON")},
                       entry.performed_on)  # fmt: skip
    records.correct_record(guess, place, kept, by=coordinator, version=guess.version, reason="again")
    assert not Query.objects.filter(form="GUESS_PARTICIPANT").exists()
    client = as_user(make_user("monitor", site))
    words = {"form": "GUESS_PARTICIPANT", "field": "GUESS", "text": "Really?"}
    assert client.post(reverse("query_raise", args=[day_one.pk]), words).status_code == 404


@pytest.mark.requirement("BLD-05")
def test_the_casebook_that_is_passed_on_is_silent(guess: Record, day_one: Visit) -> None:
    """For its author too: the file goes to others."""
    casebook = casebook_of(day_one.participant)
    [reading] = [
        form
        for visit in casebook.visits
        for form in visit.forms
        if form.code == "GUESS_PARTICIPANT" and form.rows
    ]
    assert reading.rows[0].withheld
    assert [answer.code for answer in reading.rows[0].answers] == ["performed_on"]
    assert reading.rows[0].history == []


@pytest.mark.requirement("BLD-05")
def test_the_trail_says_that_it_was_made_and_not_what(
    guess: Record, day_one: Visit, make_user: MakeUser, as_user: SignIn
) -> None:
    """On the page, in both files, in the raw entries, and in what the search finds."""
    client, study = as_user(make_user("datamanager")), day_one.participant.study.code
    page = read(client.get(reverse("audit", args=[study])))
    assert "Treatment guess by the participant" in page
    assert secrets_in(page) == []
    for kind in ("csv", "jsonl"):
        parts = client.post(reverse("audit_file", args=[study]), {"kind": kind}).streaming_content  # type: ignore[attr-defined]
        assert secrets_in(b"".join(parts).decode()) == [], kind
    lines = b"".join(
        client.post(reverse("audit_file", args=[study]), {"kind": "jsonl"}).streaming_content  # type: ignore[attr-defined]
    )
    withheld = [line for line in map(json.loads, lines.decode().splitlines()) if line["content"] is None]
    assert len(withheld) == 2
    first, last = withheld[-1]["n"], withheld[0]["n"]
    raw = read(client.get(reverse("audit_entries", args=[study, withheld[0]["chain"], first, last])))
    assert "withheld" in raw
    assert secrets_in(raw) == []
    nothing = read(client.get(reverse("audit", args=[study]), {"field": "Confidence: 0 pure guess"}))
    assert "Treatment guess" not in nothing


@pytest.mark.requirement("BLD-05")
def test_the_blinded_export_has_none_and_the_unblinded_has_it(guess: Record, day_one: Visit) -> None:
    """Neither the items nor the comments, which name items."""
    exports = {
        unblinded: {table.name: table for table in tables(day_one.participant.study, unblinded=unblinded)}
        for unblinded in (False, True)
    }
    columns = {
        unblinded: [column.name for column in by_name["form_guess_participant"].columns]
        for unblinded, by_name in exports.items()
    }
    assert columns[False] == [*columns[False][:4], "repeat_key", "status", "performed_on", "form_version"]
    assert {"GUESS", "CONFIDENCE", "status_reason"} <= set(columns[True])
    assert "r.form <> all('{GUESS_PARTICIPANT,GUESS_RATER}')" in exports[False]["form_comments"].source
    assert "<> all" not in exports[True]["form_comments"].source


def test_no_file_of_guesses_is_imported(day_one: Visit, coordinator: User, tmp_path: Path) -> None:
    file = tmp_path / "guesses.csv"
    with file.open("w") as out:
        csv.writer(out).writerow(["participant", "GUESS"])
    words = [
        "--form",
        "GUESS_RATER",
        "--study",
        day_one.participant.study.code,
        "--by",
        coordinator.username,
        "--reason",
        "paper",
    ]
    with pytest.raises(CommandError, match="author alone"):
        call_command("import_records", str(file), *words, stdout=io.StringIO())
