"""What happens to records of forms, as the trail says it: named as on the form, values as people write them."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from assessments.domain.partial_date import PartialDate
from assessments.domain.values import Value
from assessments.entry.codec import RecordEntry
from assessments.entry.selectors import FormPlace, definitions_of
from assessments.entry.services import correct_record, keep_record_draft, reinstate_record, strike_out_record
from assessments.models import Record
from enrollment.models import Visit
from tests.analysis.trail.test_activities import PAGE, sentences
from tests.assessments.loaded import LABS, baseline_of, keep_version, load_forms, place
from tests.assessments.never_seen import FULL, record
from tests.audit.test_audit_page import a_request
from tests.conftest import MakeUser
from tests.domain.assessments.forms.documents import never_seen
from tests.domain.assessments.forms.filled import amount
from trialsite.accounts.models import Site, Study, User

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
Read = Callable[..., list[str]]


@pytest.fixture
def visit(study: Study, site: Site, coordinator: User, investigator: User, tmp_path: Path) -> Visit:
    folder = tmp_path / "forms"
    folder.mkdir()
    protocol = load_forms(study, folder, LABS, never_seen(), visit="BASELINE")
    return baseline_of(protocol, site, coordinator, investigator)


@pytest.fixture
def seen(visit: Visit) -> FormPlace:
    return place(visit.participant, visit, definitions_of(visit.participant)["NEVER_SEEN"])


@pytest.fixture
def read(make_user: MakeUser, as_user: SignIn) -> Read:
    """The sentences of the trail, newest first."""
    client = as_user(make_user("datamanager"))
    return lambda **filters: sentences(client.get(PAGE, filters).content.decode())


def entry(seen: FormPlace, values: dict[str, Value], **keys: object) -> RecordEntry:
    assert seen.visit
    assert seen.visit.period
    return RecordEntry(values=values, performed_on=seen.visit.period.dosed_on, **keys)  # type: ignore[arg-type]


def kept(seen: FormPlace, by: User) -> Record:
    with a_request():
        return record(seen, {**FULL, "INTEGER1": 20}, by, missing={"TEXT2": "UNK"})


def test_a_record_is_entered_with_its_values_in_words(seen: FormPlace, coordinator: User, read: Read) -> None:
    """Labels of the form and of its lists, units, dates as people write them, reasons by the protocol's labels."""
    with a_request():
        record(seen, {"TEXT1": "first", "CHOICE1": "GREEN", "DECIMAL1": amount("165.0", "LB", "74.8"),
                      "PARTIAL_DATE1": PartialDate(2026, 4)}, coordinator, missing={"TEXT2": "UNK"})  # fmt: skip
    (latest, *_) = read()
    assert f"{coordinator.printed_name} (coordinator) entered Row 1: first, Baseline of period 1" in latest
    for words in (
        "CHOICE1: Green",
        "DECIMAL1: 165.0 lb",
        "PARTIAL_DATE1: Apr 2026",
        "TEXT2: no value: Unknown",
    ):
        assert words in latest


def test_a_correction_names_the_row_and_the_values(seen: FormPlace, coordinator: User, read: Read) -> None:
    saved = kept(seen, coordinator)
    values = {**FULL, "INTEGER1": 20, "CHOICE1": "BLUE"}
    del values["VAS1"]
    with a_request():
        correct_record(
            saved, seen, entry(seen, values, missing={"TEXT2": "ND", "VAS1": "UNK"}),
            by=coordinator, version=1, reason="read again",
        )  # fmt: skip
    (latest, *_) = read()
    assert "corrected Row 1: =1+1; “quoted”, ünïcode, Baseline of period 1" in latest
    assert "CHOICE1: Green → now Blue" in latest
    assert "TEXT2: no value: Unknown → now no value: Not done" in latest
    assert "VAS1: 42 → now no value: Unknown" in latest
    # What follows from it.
    assert "SAME: Yes → now No" in latest
    assert latest.count("read again") == 1
    assert "CHOICE2" not in latest


def test_a_comment_on_a_kept_value_is_told(seen: FormPlace, coordinator: User, read: Read) -> None:
    with a_request():
        record(seen, {"INTEGER1": 0}, coordinator, comments={("INTEGER1", "usual"): "as measured"})
    assert any("INTEGER1 is kept, because: as measured" in sentence for sentence in read())


def test_a_row_is_struck_out_and_reinstated(seen: FormPlace, coordinator: User, read: Read) -> None:
    saved = kept(seen, coordinator)
    with a_request():
        saved = strike_out_record(saved, seen, by=coordinator, version=1, reason="another participant’s")
    with a_request():
        reinstate_record(saved, seen, by=coordinator, version=2, reason="it was right")
    reinstated, struck, *_ = read()
    assert "struck out Row 1" in struck
    assert "Status: Complete → now Struck out" in struck
    assert struck.count("another participant’s") == 1
    assert "reinstated Row 1" in reinstated
    assert "it was right" in reinstated


def test_not_done(visit: Visit, coordinator: User, read: Read) -> None:
    labs = place(visit.participant, visit, definitions_of(visit.participant)["LABS"])
    with a_request():
        record(labs, {}, coordinator, not_done_reason="no blood")
    (latest, *_) = read()
    assert "recorded Laboratory, Baseline of period 1 as not done" in latest
    assert "no blood" in latest


def test_two_items_of_one_label_are_two_lines(
    seen: FormPlace, coordinator: User, read: Read, visit: Visit
) -> None:
    document = never_seen()
    for item in document["items"]:
        item["label"] = {"en": "Same", "de": "Gleich"}
    alike = place(
        visit.participant, visit, keep_version(visit.participant.study, {**document, "version": "2"})
    )
    with a_request():
        record(alike, {"TEXT1": "one", "TEXT2": "two"}, coordinator)
    (latest, *_) = read()
    assert "Same: one" in latest
    assert "Same: two" in latest


def test_drafts_are_not_in_the_trail(seen: FormPlace, coordinator: User, read: Read) -> None:
    before = read()
    keep_record_draft(seen, None, {"item_TEXT1": "typed"}, by=coordinator)
    assert read() == before


def test_a_form_is_loaded_with_the_protocol(visit: Visit, make_user: MakeUser, as_user: SignIn) -> None:
    page = as_user(make_user("datamanager")).get(PAGE, {"about": "study"}).content.decode()
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    assert "loaded protocol 9.5" in text
    assert "Form NEVER_SEEN 1" in text


@pytest.mark.parametrize("words", ["Never seen", "NEVER_SEEN", "CHOICE1 auf Deutsch", "choice1"])
def test_a_record_is_found_by_form_and_item(
    words: str, seen: FormPlace, coordinator: User, read: Read
) -> None:
    kept(seen, coordinator)
    sentences_found = read(field=words)
    assert any("entered Row 1" in sentence for sentence in sentences_found)
    assert not any("as given" in sentence for sentence in sentences_found)


def test_a_query_and_a_verification_name_the_row(seen: FormPlace, coordinator: User, read: Read) -> None:
    """With what names it, and its item."""
    with a_request():
        record(seen, {"TEXT1": "first", "INTEGER1": 2}, coordinator)
    assert any("Query on Row 1: first, INTEGER1, Baseline of period 1" in sentence for sentence in read())
