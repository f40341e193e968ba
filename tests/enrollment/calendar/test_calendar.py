"""The site calendar and its feed: everything that is due, and nothing that says what it is for."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from enrollment import services
from enrollment.calendar.entries import CalendarEntry, entries
from enrollment.calendar.ics import ics
from enrollment.calendar.services import make_feed
from enrollment.models import CalendarFeed, Participant
from enrollment.selectors import today_at
from enrollment.today.worklist import worklist
from tests.conftest import MakeUser, decide, make_screened, randomised_earlier, rate
from tests.enrollment.steps import leave
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Site, Study, User

AsUser = Callable[[User], Client]
ALWAYS = (date(2000, 1, 1), date(2099, 1, 1))
Event = dict[str, str]


def unfolded(calendar: bytes) -> list[str]:
    """Lines of an RFC 5545 stream: CRLF ends each, none is longer than 75 octets, a blank continues one."""
    assert calendar.endswith(b"\r\n")
    raw = calendar[:-2].split(b"\r\n")
    assert max(map(len, raw)) <= 75
    assert b"\r" not in b"".join(raw)
    assert b"\n" not in b"".join(raw)
    lines: list[bytes] = []
    for line in raw:
        if line.startswith(b" "):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    return [line.decode() for line in lines]


def events(calendar: bytes) -> list[Event]:
    """Every event as name (without parameters) → unescaped value."""
    lines = unfolded(calendar)
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert {"VERSION:2.0"} <= set(lines)
    parsed: list[Event] = []
    for line in lines[1:-1]:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            parsed.append({})
        elif line == "END:VEVENT":
            assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} <= set(parsed[-1])
        elif parsed:
            parsed[-1][name.partition(";")[0]] = re.sub(
                r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value
            )
    return parsed


def feed(client: Client, token: str) -> list[Event]:
    answer = client.get(f"/feeds/{token}.ics")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar"
    return events(answer.content)


def at(*sites: Site) -> list[CalendarEntry]:
    return entries(Site.objects.filter(pk__in=[site.pk for site in sites]), *ALWAYS).entries


def day(offset: int, site: Site) -> date:
    return today_at(site) + timedelta(days=offset)


@pytest.fixture
def busy(randomised: Participant, coordinator: User) -> Participant:
    """The first infusion was ten days ago, with a rating of its day 1; the second is planned."""
    site = randomised.site
    first, second = randomised.periods.all()
    services.record_dosing(first, day(-10, site), by=coordinator, version=1)
    rate(first.visits.get(code="DAY1"), 12, coordinator, on=day(-7, site))
    services.plan_period(second, day(23, site), by=coordinator, version=1)
    return randomised


@pytest.mark.django_db
def test_the_calendar_holds_visits_dosings_and_washout_windows(busy: Participant) -> None:
    """Each visit once, on the day it took place or is planned; both dosings; the window of the second."""
    calendar = at(busy.site)
    assert [e.on for e in calendar if e.kind == "dosing"] == [day(-10, busy.site), day(23, busy.site)]
    (window,) = [e for e in calendar if e.kind == "washout"]
    assert (window.on, window.until) == (day(18, busy.site), day(67, busy.site))
    visits = [e for e in calendar if e.kind == "visit"]
    assert len(visits) == len({e.key for e in visits}) == 12
    assert {e.text: e.on for e in visits}["period 1, Day 1"] == day(-7, busy.site)
    assert {e.text: e.state for e in visits}["period 1, Day 1"] == "done_out_of_window"


@pytest.mark.django_db
def test_a_washout_that_ended_in_a_dosing_is_no_longer_shown(busy: Participant, coordinator: User) -> None:
    """The window is for planning; once given there is nothing to plan."""
    second = busy.periods.get(number=2)
    services.record_dosing(
        second, day(0, busy.site), by=coordinator, version=second.version, reason="early by mistake"
    )
    assert not [e for e in at(busy.site) if e.kind == "washout"]


@pytest.mark.django_db
def test_who_has_left_has_nothing_planned(busy: Participant, investigator: User) -> None:
    """Neither visits nor dosings nor a window to come; what took place stays."""
    leave(busy, investigator)
    left = at(busy.site)
    assert {e.kind for e in left} == {"visit", "dosing"}
    assert {e.state for e in left} <= {"done", "done_out_of_window"}


@pytest.mark.django_db
def test_a_person_sees_the_calendar_of_their_site(
    busy: Participant, other_site: Site, make_user: MakeUser, as_user: AsUser
) -> None:
    """Month and list, for the site of one's role; nothing of another site."""
    address = f"/studies/KETNAL/calendar/?month={day(-10, busy.site):%Y-%m}"
    assert busy.code in as_user(make_user("coordinator", busy.site)).get(address).content.decode()
    assert busy.code not in as_user(make_user("coordinator", other_site)).get(address).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("month", ["2026-13", "nonsense", "0000-01", "0001-01", "9999-12", "", "2026-02-30"])
def test_a_month_that_is_none_shows_this_month(month: str, coordinator: User, as_user: AsUser) -> None:
    """An address typed wrongly is answered with a calendar."""
    answer = as_user(coordinator).get("/studies/KETNAL/calendar/", {"month": month})
    assert answer.status_code == 200
    assert f"{timezone.localdate():%B %Y}" in answer.content.decode()


@pytest.mark.django_db
def test_the_feed_holds_what_the_calendar_holds(busy: Participant, coordinator: User, client: Client) -> None:
    """All-day events: the last day is the one before DTEND; each entry keeps its UID from one fetch to the next."""
    token = make_feed(busy.study, by=coordinator)
    found = {event["UID"]: event for event in feed(client, token)}
    for entry in at(busy.site):
        event = found.pop(f"{entry.key}@trialsite")
        assert event["SUMMARY"] == f"{entry.participant} {entry.text}"
        assert event["DTSTART"] == f"{entry.on:%Y%m%d}"
        assert event["DTEND"] == f"{entry.until + timedelta(days=1):%Y%m%d}"
    assert found == {}
    assert [e["UID"] for e in feed(client, token)] == [e["UID"] for e in feed(client, token)]


@pytest.mark.django_db
def test_the_feed_says_nothing_clinical_and_nothing_of_treatment(
    busy: Participant, coordinator: User, client: Client
) -> None:
    """No instrument, score, reason, kit, arm, sequence, drug or diagnosis, and no name of a person."""
    visit = busy.periods.get(number=1).visits.get(code="DAY3")
    services.mark_missed(visit, by=coordinator, reason="was in hospital")
    answer = client.get(f"/feeds/{make_feed(busy.study, by=coordinator)}.ics")
    text = "\n".join(unfolded(answer.content)).casefold()
    protocol = busy.protocol.definition
    unblinding = {
        "ham",
        "score",
        "total",
        "rating",
        "depress",
        "hospital",
        "ketamine",
        "naltrexone",
        "placebo",
        "kit",
    }
    unblinding |= {arm.label.casefold() for arm in protocol.arms}
    unblinding |= {period.kit_number.casefold() for period in busy.periods.all()}
    unblinding |= {
        coordinator.printed_name.casefold(),
        busy.study.short_title.casefold(),
        "response",
        "unblind",
    }
    assert [term for term in unblinding if term in text] == []
    marks = {arm.code for arm in protocol.arms} | {sequence.code for sequence in protocol.sequences}
    assert marks & set(re.findall(r"\w+", answer.content.decode())) == set()
    summaries = set(re.findall(r"summary:(.*)", text))
    visits = {f"period {n}, {v.label}".casefold() for n in (1, 2) for v in protocol.visits}
    allowed = visits | {"infusion 1", "infusion 2", "window for infusion 2"}
    assert {line.replace("\\,", ",").removeprefix(f"{busy.code} ") for line in summaries} <= allowed


@pytest.mark.django_db
def test_an_unknown_address_is_404(client: Client, coordinator: User, study: Study) -> None:
    """Without a right token there is nothing to see, logged in or not; the stored hash is no token."""
    token = make_feed(study, by=coordinator)
    stored = CalendarFeed.objects.get().token_sha256
    assert token != stored
    for wrong in ("x", token[:-1], token + "x", token.swapcase(), stored):
        assert client.get(f"/feeds/{wrong}.ics").status_code == 404
    client.force_login(coordinator, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/feeds/x.ics").status_code == 404


@pytest.mark.django_db
def test_a_replaced_address_is_404(client: Client, coordinator: User, study: Study) -> None:
    """Making a new one revokes the old."""
    old = make_feed(study, by=coordinator)
    new = make_feed(study, by=coordinator)
    assert client.get(f"/feeds/{old}.ics").status_code == 404
    assert client.get(f"/feeds/{new}.ics").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["role ended", "person deactivated"])
def test_who_no_longer_works_here_gets_no_feed(
    change: str, client: Client, coordinator: User, study: Study
) -> None:
    """404 from the moment the role ends or the person is deactivated."""
    token = make_feed(study, by=coordinator)
    with audit_context(User.objects.system(), reason=change):
        if change == "role ended":
            Membership.objects.filter(user=coordinator).update(ends_at=timezone.now())
        else:
            User.objects.filter(pk=coordinator.pk).update(is_active=False)
    assert client.get(f"/feeds/{token}.ics").status_code == 404


@pytest.mark.django_db
def test_the_feed_is_of_the_owners_sites(
    busy: Participant, other_site: Site, make_user: MakeUser, client: Client
) -> None:
    """A coordinator of another site has another calendar."""
    other = make_user("coordinator", other_site)
    elsewhere = make_screened(other_site, other)
    decide(elsewhere, by=make_user("investigator", other_site))
    randomised_earlier(elsewhere, by=other)
    first = elsewhere.periods.get(number=1)
    services.plan_period(first, day(2, other_site), by=other, version=first.version)
    found = feed(client, make_feed(busy.study, by=other))
    assert {event["SUMMARY"].split()[0] for event in found} == {elsewhere.code}


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [("coordinator", 302), ("pharmacist", 403), ("admin", 403)])
def test_an_address_is_made_in_the_browser_by_who_may_see_the_calendar(
    role: str, status: int, make_user: MakeUser, as_user: AsUser
) -> None:
    """It is shown once, and works."""
    client = as_user(make_user(role))
    answer = client.post("/studies/KETNAL/calendar/feed/")
    assert answer.status_code == status
    if status == 302:
        (message,) = [str(message) for message in get_messages(answer.wsgi_request)]
        address = re.search(r"/feeds/[\w-]+\.ics", message)
        assert address
        assert Client().get(address[0]).status_code == 200


@given(
    term=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30),
    times=st.integers(1, 9),
    length=st.integers(1, 60),
)
def test_any_text_survives_the_feed(term: str, times: int, length: int) -> None:
    """Escaped and folded at 75 octets, whatever the characters, it reads back as it was."""
    on, text = date(2026, 3, 9), term * times
    entry = CalendarEntry(
        "visit-1", "visit", on, on + timedelta(days=length), "01-001", "01", text, "due", "/"
    )
    (event,) = events(ics([entry]).encode())
    assert event["SUMMARY"] == f"01-001 {text}"


@pytest.mark.django_db
def test_the_calendar_and_the_work_list_cost_the_same_for_more_people(
    busy: Participant, coordinator: User, investigator: User, study: Study
) -> None:
    """As many questions to the database for three who wait for their second infusion as for one."""

    def queries_made() -> int:
        with CaptureQueriesContext(connection) as found:
            windows = [e for e in at(busy.site) if e.kind == "washout"]
            plans = [a for column in worklist(coordinator, study) for a in column.actions]
        assert len(windows) == 1 + len(more)
        assert len([a for a in plans if a.what.startswith("Plan")]) == len(more)
        return len(found)

    more: list[Participant] = []

    def one_more() -> None:
        participant = make_screened(busy.site, coordinator)
        decide(participant, by=investigator)
        participant.refresh_from_db()
        more.append(randomised_earlier(participant, by=coordinator))
        services.record_dosing(more[-1].periods.get(number=1), day(-20, busy.site), by=coordinator, version=1)

    one_more()
    queries_made()
    once = queries_made()
    one_more()
    one_more()
    assert queries_made() == once


@pytest.mark.django_db
def test_a_day_shows_so_many_and_leads_to_all_of_them(
    busy: Participant,
    coordinator: User,
    investigator: User,
    as_user: AsUser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A page of a large study costs no more than one of a small: the others are counted, and a click away."""
    screened = make_screened(busy.site, coordinator)
    decide(screened, by=investigator)
    screened.refresh_from_db()
    other = randomised_earlier(screened, by=coordinator)
    first = other.periods.get(number=1)
    services.record_dosing(first, day(-10, busy.site), by=coordinator, version=1)
    monkeypatch.setattr("enrollment.calendar.entries.A_DAY", 1)
    when = day(-10, busy.site)
    client = as_user(coordinator)
    page = client.get("/studies/KETNAL/calendar/", {"month": f"{when:%Y-%m}"}).content.decode()
    assert f'href="?day={when:%Y-%m-%d}#list-heading"' in page
    assert "not listed here" in page
    whole = client.get("/studies/KETNAL/calendar/", {"day": f"{when:%Y-%m-%d}"}).content.decode()
    listed = whole[whole.index("list-heading") :]
    assert {code for code in (busy.code, other.code) if code in listed} == {busy.code, other.code}
    file = b"".join(client.post(f"/studies/KETNAL/calendar.csv?month={when:%Y-%m}"))
    assert file.decode().count("Infusion 1") == 2


@pytest.mark.django_db
@pytest.mark.parametrize("typed_day", ["0001-01-01", "9999-12-31", "2026-02-30", "nonsense"])
def test_a_day_that_is_none_shows_the_month(typed_day: str, coordinator: User, as_user: AsUser) -> None:
    answer = as_user(coordinator).get("/studies/KETNAL/calendar/", {"day": typed_day})
    assert answer.status_code == 200
    assert "The same as a list" in answer.content.decode() or "Nothing this month" in answer.content.decode()
