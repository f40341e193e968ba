"""A record has all that a rating has: queries, verification, signatures, locks, history, where people work."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.entry import services as records
from assessments.entry.codec import RecordEntry, read_fields
from assessments.entry.loading import load_trial
from assessments.entry.selectors import FormPlace, places_at, places_of
from assessments.models import Record
from assessments.today.worklist import to_enter
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from enrollment.services import screen
from tests.assessments.entry.test_entry_pages import add_event
from tests.conftest import MakeUser, rate, sign
from trialsite.accounts.models import Site, Study, User
from trialsite.review import services
from trialsite.review.models import Query, Verification

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def place_of(places: list[FormPlace], code: str) -> FormPlace:
    return next(place for place in places if place.form.code == code)


def entry_of(place: FormPlace, **typed: str) -> RecordEntry:
    day = today_at(place.participant.site) - timedelta(days=1)
    fields = {f"item_{code}": text for code, text in typed.items()}
    zone = ZoneInfo(place.participant.site.timezone)
    return read_fields(place.form, {"performed_on": f"{day:%Y-%m-%d}", **fields}, zone).entry


def measure(visit: Visit, by: User, time: str = "10:15", **typed: str) -> Record:
    """One more row of vital signs."""
    place = place_of(places_at(visit), "VITALS")
    day = today_at(visit.participant.site) - timedelta(days=1)
    entry = entry_of(place, TIME=f"{day:%Y-%m-%d} {time}", **{"SYSBP": "120", "DIABP": "80", **typed})
    return records.save_record(place, entry, by=by, form_token=uuid.uuid4())


@pytest.fixture
def monitor(make_user: MakeUser, site: Site) -> User:
    return make_user("monitor", site)


@pytest.fixture
def visit(baseline: Visit, coordinator: User) -> Visit:
    """The baseline visit, which took place: its ratings say so."""
    participant = baseline.participant
    rate(baseline, 24, coordinator, on=today_at(participant.site) - timedelta(days=10))
    baseline.refresh_from_db()
    return baseline


@pytest.fixture
def headache(participant: Participant, coordinator: User, as_user: SignIn) -> Record:
    where = [participant.study.code, participant.code, "ADVERSE_EVENT"]
    return add_event(as_user(coordinator), reverse("participant_form_new", args=where), "Headache")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_visit_lists_its_forms_and_what_is_not_filled_in(
    visit: Visit, coordinator: User, monitor: User, as_user: SignIn
) -> None:
    """Who may enter has the way there; who may only read has not."""
    page = as_user(coordinator).get(reverse("visit", args=[visit.pk])).content.decode()
    assert "Not filled in yet" in page
    assert reverse("visit_form_new", args=[visit.pk, "LABS"]) in page
    measure(visit, coordinator)
    page = as_user(monitor).get(reverse("visit", args=[visit.pk])).content.decode()
    assert "Measurement 1: " in page
    assert "120 mmHg" in page
    assert reverse("visit_form_new", args=[visit.pk, "LABS"]) not in page


def test_the_one_rating_of_a_visit_leads_to_its_forms(
    visit: Visit, coordinator: User, as_user: SignIn
) -> None:
    """Who opens such a visit is in the rating at once; the forms beside it are one step away."""
    client = as_user(coordinator)
    assert visit.period
    here = reverse("visit", args=[visit.period.visits.get(code="DAY1").pk])
    rating = client.get(here).headers["Location"]
    assert f'href="{here}?forms"' in client.get(rating).content.decode()
    assert "Craving for ketamine" in client.get(f"{here}?forms").content.decode()


@pytest.mark.requirement("QRY-01")
def test_a_query_is_raised_at_an_item_of_a_row_and_named_everywhere(
    participant: Participant, headache: Record, monitor: User, coordinator: User, as_user: SignIn
) -> None:
    client = as_user(monitor)
    place = [participant.study.code, participant.code]
    asked = {"form": "ADVERSE_EVENT", "repeat_key": "1", "field": "SEVERITY", "text": "Mild?", "record": "1"}
    here = reverse("record", args=[headache.pk])
    answer = client.post(reverse("casebook_query", args=place), asked)
    query = Query.objects.get()
    assert (query.repeat_key, query.field, query.visit) == (1, "SEVERITY", None)
    assert answer.headers["Location"] == f"{here}#query-{query.pk}"
    name = "Adverse event 1: Headache, Mar 2026, Severity"
    assert name in text_of(client.get(here).content.decode())
    listed = client.get(reverse("queries", args=place[:1])).content.decode()
    assert name in listed
    assert f'href="{here}#query-{query.pk}"' in listed
    file = client.post(reverse("queries_file", args=place[:1]))
    assert name in b"".join(file).decode()
    site = as_user(coordinator)
    today = site.get(reverse("today", args=place[:1])).content.decode()
    assert name in today
    assert f"{here}#query-{query.pk}" in today
    turn = reverse("query_turn", args=[query.pk, "answer"])
    assert name in site.get(turn).content.decode()
    assert site.post(turn, {"text": "Yes, mild."}).headers["Location"] == f"{here}#query-{query.pk}"
    assert "Yes, mild." in site.get(here).content.decode()
    services.close(query, by=monitor, text="Thank you.")
    assert "Thank you." in site.get(here).content.decode()


@pytest.mark.requirement("FRM-02")
def test_a_query_at_a_row_of_a_visit_stands_on_the_visits_page(
    visit: Visit, monitor: User, coordinator: User, as_user: SignIn
) -> None:
    measure(visit, coordinator)
    measure(visit, coordinator, "10:45")
    client = as_user(monitor)
    asked = {"form": "VITALS", "repeat_key": "2", "field": "PULSE", "text": "Why no pulse?"}
    client.post(reverse("query_raise", args=[visit.pk]), asked)
    query = Query.objects.get()
    page = client.get(reverse("visit", args=[visit.pk])).content.decode()
    assert page.count(f'id="query-{query.pk}"') == 1
    assert re.search(r"Measurement 2: [^,]+, Pulse rate", text_of(page))
    assert "The visit as a whole" in page


@pytest.mark.parametrize(
    "place",
    [
        {"repeat_key": "7", "field": "PULSE"},
        {"repeat_key": "1", "field": "NOTHING"},
        {"repeat_key": "", "field": "PULSE"},
        {"form": "ADVERSE_EVENT", "repeat_key": "1", "field": ""},
    ],
)
def test_there_is_no_query_about_what_is_not_there(
    visit: Visit, monitor: User, coordinator: User, as_user: SignIn, place: dict[str, str]
) -> None:
    measure(visit, coordinator)
    asked = {"form": "VITALS", "text": "What?", **place}
    assert as_user(monitor).post(reverse("query_raise", args=[visit.pk]), asked).status_code == 404
    assert not Query.objects.exists()


def test_a_form_that_is_not_filled_in_can_be_asked_about(
    visit: Visit, monitor: User, as_user: SignIn
) -> None:
    client = as_user(monitor)
    asked = {"form": "LABS", "field": "", "text": "Was blood drawn?"}
    assert client.post(reverse("query_raise", args=[visit.pk]), asked).status_code == 302
    assert "Was blood drawn?" in client.get(reverse("visit", args=[visit.pk])).content.decode()
    listed = client.get(reverse("queries", args=[visit.participant.study.code])).content.decode()
    assert "Laboratory" in listed


@pytest.mark.requirement("SDV-01")
def test_a_change_of_an_item_of_a_row_leaves_the_other_rows_verified(
    visit: Visit, monitor: User, coordinator: User, as_user: SignIn
) -> None:
    first, second = measure(visit, coordinator), measure(visit, coordinator, "10:45")
    client = as_user(monitor)
    verify = reverse("verify", args=[visit.pk])
    client.post(verify, {"form": "VITALS", "whole": "rows"})
    client.post(verify, {"form": "VITALS", "repeat_key": "1", "field": ["SYSBP", "DIABP"]})
    assert in_force() == {(1, ""), (2, ""), (1, "SYSBP"), (1, "DIABP")}
    place = place_of(places_at(visit), "VITALS")
    entry = entry_of(place, TIME=first.items["TIME"][:16].replace("T", " "), SYSBP="121", DIABP="80")
    records.correct_record(first, place, entry, by=coordinator, version=1, reason="misread")
    assert in_force() == {(2, ""), (1, "DIABP")}
    page = client.get(reverse("record", args=[second.pk])).content.decode()
    assert "✓ verified" in text_of(page)
    page = text_of(client.get(reverse("record", args=[first.pk])).content.decode())
    assert "was 120 mmHg, now 121 mmHg · coordinator" in page
    assert "misread" in page
    records.strike_out_record(second, place, by=coordinator, version=1, reason="entered twice")
    assert in_force() == {(1, "DIABP")}


def in_force() -> set[tuple[int | None, str]]:
    return set(Verification.objects.filter(voided_at=None).values_list("repeat_key", "field"))


@pytest.mark.requirement("FRM-02")
def test_a_verification_is_withdrawn_where_it_stands(
    participant: Participant, headache: Record, monitor: User, as_user: SignIn
) -> None:
    client = as_user(monitor)
    sent = {"form": "ADVERSE_EVENT", "repeat_key": "1", "whole": "1", "record": "1"}
    place = [participant.study.code, participant.code]
    here = reverse("record", args=[headache.pk])
    assert client.post(reverse("casebook_verify", args=place), sent).headers["Location"] == here
    withdraw = reverse("unverify", args=[Verification.objects.get().pk])
    assert withdraw in client.get(here).content.decode()
    assert client.post(withdraw, {"reason": "wrong source"}).headers["Location"] == here
    assert in_force() == set()


def test_a_struck_out_row_says_why_and_who(
    participant: Participant, headache: Record, coordinator: User, as_user: SignIn
) -> None:
    place = place_of(places_of(participant), "ADVERSE_EVENT")
    records.strike_out_record(headache, place, by=coordinator, version=1, reason="entered twice")
    page = text_of(as_user(coordinator).get(reverse("record", args=[headache.pk])).content.decode())
    assert "Struck out: entered twice" in page
    assert "was Complete, now Struck out · coordinator" in page


@pytest.mark.requirement("SIG-01")
def test_what_is_signed_is_read_before_it_is_signed(
    visit: Visit, headache: Record, coordinator: User, investigator: User, as_user: SignIn
) -> None:
    measure(visit, coordinator)
    client = as_user(investigator)
    page = client.get(reverse("sign_visit", args=[visit.pk])).content.decode()
    assert "120 mmHg" in page
    assert "Laboratory" in page
    participant = visit.participant
    sitting = reverse("review_participant", args=[participant.study.code, participant.code])
    page = client.get(sitting).content.decode()
    assert "120 mmHg" in page
    assert "Adverse event 1: Headache" in page


@pytest.mark.requirement("LCK-01")
def test_a_locked_record_is_read_and_says_so(
    visit: Visit, coordinator: User, investigator: User, make_user: MakeUser, as_user: SignIn
) -> None:
    row = measure(visit, coordinator)
    participant = visit.participant
    sign(participant, visit, by=investigator)
    services.lock(participant.study, participant, visit, by=make_user("datamanager"), reason="done")
    client = as_user(coordinator)
    sentence = "This record is locked"
    for name, place in (
        ("record", [row.pk]),
        ("record_entry", [row.pk]),
        ("visit_form", [visit.pk, "VITALS"]),
    ):
        page = client.get(reverse(name, args=place)).content.decode()
        assert sentence in page, name
        assert ">Correct<" not in page
    sent = {
        "version": "1",
        "item_TIME": "2026-01-01 10:00",
        "item_SYSBP": "130",
        "item_DIABP": "80",
        "reason": "x y",
    }
    answer = client.post(
        reverse("record_entry", args=[row.pk]), {**sent, "performed_on": f"{row.performed_on:%Y-%m-%d}"}
    )
    assert answer.status_code == 422
    assert f"{sentence}. Nothing was changed" in answer.content.decode()
    row.refresh_from_db()
    assert row.version == 1


def test_a_participants_forms_are_one_part_of_their_page(
    participant: Participant, headache: Record, monitor: User, coordinator: User, as_user: SignIn
) -> None:
    """Folded, with its state in the heading; who may enter has the way there."""
    address = reverse("participant", args=[participant.study.code, participant.code])
    n = len(places_of(participant))
    page = as_user(coordinator).get(address).content.decode()
    assert f"2 of {n} filled in" in text_of(page)
    add = reverse("participant_form_new", args=[participant.study.code, participant.code, "ADVERSE_EVENT"])
    assert add in page
    assert re.search(r'id="forms"\s*>', page)
    asked = services.Place(participant, None, "ADVERSE_EVENT", "TERM", headache.repeat_key)
    services.raise_queries([asked], by=monitor, text="Where?")
    page = as_user(monitor).get(address).content.decode()
    assert re.search(r'id="forms" open', page)
    assert add not in page


def test_more_rows_are_not_more_queries(
    visit: Visit, monitor: User, coordinator: User, as_user: SignIn
) -> None:
    client = as_user(monitor)
    participant = visit.participant
    pages = [
        reverse("visit", args=[visit.pk]),
        reverse("visit_form", args=[visit.pk, "VITALS"]),
        reverse("review_participant", args=[participant.study.code, participant.code]),
        reverse("participant", args=[participant.study.code, participant.code]),
        reverse("queries", args=[participant.study.code]),
    ]

    def counts() -> list[int]:
        counted = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            counted.append(len(queries))
        return counted

    def row(minute: int) -> None:
        saved = measure(visit, coordinator, f"10:{minute}")
        place = services.Place(participant, visit, "VITALS", "PULSE", saved.repeat_key)
        services.raise_queries([place], by=monitor, text="Why no pulse?")
        place_ = place_of(places_at(visit), "VITALS")
        time = saved.items["TIME"][:16].replace("T", " ")
        entry = entry_of(place_, TIME=time, SYSBP="122", DIABP="80")
        records.correct_record(saved, place_, entry, by=coordinator, version=1, reason="misread")

    row(10)
    counts()
    before = counts()
    for minute in (11, 12, 13):
        row(minute)
    assert counts() == before


@pytest.mark.requirement("FRM-02")
@pytest.mark.requirement("SDV-01")
def test_a_visit_is_verified_when_every_row_of_its_forms_is(
    visit: Visit, monitor: User, coordinator: User, as_user: SignIn
) -> None:
    """The list of visits says how many are, and its file has both figures."""
    measure(visit, coordinator)
    measure(visit, coordinator, "10:45")
    services.verify(visit.participant, visit, "HAMD17", [""], by=monitor)
    services.verify(visit.participant, visit, "VITALS", [""], by=monitor, repeat_keys=[1])
    client = as_user(monitor)
    study = visit.participant.study.code
    page = text_of(client.get(reverse("review", args=[study]), {"state": "unverified"}).content.decode())
    assert "not verified forms: 1 of 2" in page
    services.verify(visit.participant, visit, "VITALS", [""], by=monitor, repeat_keys=[2])
    file = b"".join(client.post(reverse("review_file", args=[study]) + "?state=all")).decode()
    assert file.splitlines()[0].endswith("locked,records,records_verified")
    [row] = [line for line in file.splitlines() if "Baseline" in line]
    assert row.split(",")[6] == "yes"
    assert row.endswith(",2,2")


def test_today_names_the_forms_of_a_visit_that_took_place(
    visit: Visit, coordinator: User, monitor: User, as_user: SignIn
) -> None:
    """One task a visit, until each is filled in or said to be not done."""
    study = visit.participant.study

    def tasks(user: User) -> list[str]:
        actions = [action for action in to_enter(user, study) if action.what == "Fill in the forms"]
        return [action.why for action in actions if "Baseline" in action.why]

    assert tasks(monitor) == []
    [task] = tasks(coordinator)
    assert task.startswith("period 1, Baseline, ")
    assert task.endswith(": Laboratory, Urine screens, Vital signs and 6 more")
    page = as_user(coordinator).get(reverse("today", args=[study.code])).content.decode()
    assert "Laboratory, Urine screens, Vital signs and 6 more" in page
    measure(visit, coordinator)
    [task] = tasks(coordinator)
    assert "Vital signs" not in task
    for place in places_at(visit):
        if place.form.code != "VITALS":
            not_done = RecordEntry(not_done_reason="device broken")
            records.save_record(place, not_done, by=coordinator, form_token=uuid.uuid4())
    assert tasks(coordinator) == []


FORMLESS = re.compile(r'FROM "assessments_(record|formversion)"')


def test_pages_of_a_trial_without_forms_read_no_records(
    study: Study, site: Site, coordinator: User, monitor: User, as_user: SignIn
) -> None:
    """Nor do they ask what forms there are, but for once a process."""
    source = re.sub(
        r"^version = .*$", 'version = "9.2"', study.protocols.latest().source, count=1, flags=re.M
    )
    source = re.sub(r"^forms = \[.*?^\]\n", "", source, flags=re.M | re.S)
    source = re.sub(r"^screening_forms = .*\n|, forms = \[[^\]]*\]", "", source, flags=re.M)
    source = re.sub(
        r'^("visits.forms" = \[.*?^\]|screening_forms = ".*?"|forms = ".*?")\n', "", source, flags=re.M | re.S
    )
    source = re.sub(r'^\[\[criteria\]\]\nid = "I04".*?\n\n', "", source, flags=re.M | re.S)
    source = re.sub(r'^"criteria.I04" = \[.*?^\]\n', "", source, flags=re.M | re.S)
    source = re.sub(r"^\[deviations\]\n.*?(?=^\[\[instruments)", "", source, flags=re.M | re.S)
    source = re.sub(r'^("deviations|infusion =|"infusion).*\n', "", source, flags=re.M)
    load_trial(source, by=User.objects.system())
    consented = today_at(site)
    participant = screen(site, by=coordinator, consented_on=consented, age=40, sex="F")
    screening = participant.visits.get(period=None)
    pages = [
        reverse("participant", args=[study.code, participant.code]),
        reverse("review_participant", args=[study.code, participant.code]),
        reverse("visit", args=[screening.pk]),
        reverse("queries", args=[study.code]),
    ]
    client = as_user(monitor)
    client.get(pages[0])
    for page in pages:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        # Serious events, whose clock runs whatever the protocol says now, are asked for once.
        reads = [query["sql"] for query in queries if FORMLESS.search(query["sql"])]
        assert [sql for sql in reads if "'SERIOUS'" not in sql] == []
