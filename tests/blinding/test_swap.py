"""The swap test: whatever a blinded person can obtain is the same whichever treatment was whose."""

import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import override_settings
from django.urls import reverse

from assessments.models import Record
from tests.access.conftest import signed_in
from tests.access.crawl import Got, crawl
from tests.access.test_other_sites import body
from tests.blinding.compare import Difference, differences, quiet
from tests.blinding.trial import STUDY, arms, live, trial
from tests.printed import text_of
from trialsite.accounts.models import Role, User

BLINDED = [role for role in Role if role not in (Role.PHARMACIST, Role.STATISTICIAN)]
LEAKS = {"/leak/ordered/", "/leak/sized/", "/leak/told/"}


@dataclass(slots=True)
class Life:
    """What came out of one life of the trial: by blinded role what was fetched, the log, the mail; and how far each
    chain of the closed schema came, with its last hash."""

    arms: list[str]
    fetched: dict[str, dict[str, Got]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)
    heads: list[tuple[str, int, str]] = field(default_factory=list)


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.name} {record.getMessage()}")


def _fetch(person: User, feed: str) -> dict[str, Got]:
    """All that can be reached by links, the study's rooms, health, files, and the exports this person may take."""
    client = signed_in(person)
    rooms = ["today", "participants", "calendar", "queries", "review", "deviations", "dashboard", "rating_quality",
             "adverse_events", "closed", "allocation", "supply",
             "audit", "outcome_rules", "forms", "imports", "export", "people"]  # fmt: skip
    starts = [reverse(name, args=[STUDY]) for name in rooms]
    starts += [
        "/healthz",
        "/readyz",
        reverse("feed", args=[feed]),
    ]
    starts += [reverse("look_pdf", args=[STUDY, 1]), reverse("look_cut", args=[STUDY, 1]), *sorted(LEAKS)]
    found = crawl(client, "/", *starts)
    taken = client.post(reverse("export", args=[STUDY]), {"reason": "swap test"})
    found["export"] = Got(taken.status_code, tuple(taken.items()), body(taken))
    files = (
        "participants",
        "calendar",
        "queries",
        "review",
        "adverse_events",
        "deviations",
        "rating_quality",
        "people",
        "supply",
    )
    for name in (f"{kind}_file" for kind in files):
        listed = client.post(reverse(name, args=[STUDY]))
        found[name] = Got(listed.status_code, tuple(listed.items()), body(listed))
    for code in ("01-001", "01-003", "02-001"):
        book = client.post(reverse("casebook", args=[STUDY, code]))
        found[f"casebook {code}"] = Got(book.status_code, (), text_of(body(book)).encode())
    for event in Record.objects.filter(form="ADVERSE_EVENT", participant__study__code=STUDY).order_by("pk"):
        paper = client.post(reverse("event_paper", args=[event.pk]))
        words = text_of(body(paper)).encode() if paper.status_code == 200 else b""
        found[f"event {event.pk}"] = Got(paper.status_code, (), words)
    told = client.post(reverse("audit_file", args=[STUDY]), {"kind": "csv"})
    found["audit.csv"] = Got(told.status_code, tuple(told.items()), body(told))
    return {address.replace(feed, "FEED"): got for address, got in found.items()}


def _live_once(*, swapped: bool) -> Life:
    kept = _Kept()
    logging.getLogger().addHandler(kept)
    mail.outbox = []
    try:
        with trial(swapped=swapped) as name, override_settings(ROOT_URLCONF="tests.blinding.leaky"):
            life = Life(arms(name))
            feed = live()
            for role in BLINDED:
                person = User.objects.get(username=role.value)
                life.fetched[role.value] = _fetch(person, feed)
            with connection.cursor() as cursor:
                cursor.execute("select chain, n, encode(hash, 'hex') from closed.heads() order by chain")
                life.heads = list(cursor.fetchall())
    finally:
        logging.getLogger().removeHandler(kept)
    life.log = kept.lines
    life.mail = [f"{one.recipients()} {one.subject}\n{one.body}" for one in mail.outbox]
    return life


@pytest.fixture(scope="module")
def lives(django_db_setup: None, django_db_blocker: Any) -> tuple[Life, Life]:
    with django_db_blocker.unblock():
        return _live_once(swapped=False), _live_once(swapped=True)


@pytest.fixture(scope="module")
def found(lives: tuple[Life, Life]) -> dict[str, list[Difference]]:
    """Role → where the two lives differ."""
    one, other = lives
    return {role: differences(one.fetched[role], other.fetched[role]) for role in one.fetched}


def test_the_treatments_are_swapped_and_nothing_else(lives: tuple[Life, Life]) -> None:
    """Every kit holds the other arm in the second life."""
    one, other = lives
    assert one.arms
    assert [{"PLA": "NAL", "NAL": "PLA"}[arm] for arm in one.arms] == other.arms


@pytest.mark.requirement("BLD-02")
@pytest.mark.parametrize("role", [role.value for role in BLINDED])
def test_a_blinded_role_is_given_the_same_bytes(role: str, found: dict[str, list[Difference]]) -> None:
    """Pages, fragments, charts, files, trail, exports, feeds; statuses, headers, order and length."""
    told = [difference for difference in found[role] if difference.address not in LEAKS]
    assert not told, "\n".join(map(str, told))


def test_enough_was_looked_at(lives: tuple[Life, Life]) -> None:
    """The comparison is of many pages of every kind, not of refusals."""
    for role, fetched in lives[0].fetched.items():
        served = [address for address, got in fetched.items() if got.status == 200]
        assert len(served) > (10 if role == "admin" else 60), role
    everything = {address for fetched in lives[0].fetched.values() for address in fetched}
    for kind in (".csv", ".svg", ".ics", "(fragment)", "export", "audit.csv", "/readyz"):
        assert any(kind in address for address in everything), kind
    assert lives[0].fetched["datamanager"]["export"].status == 200


@pytest.mark.requirement("BLD-02")
def test_records_of_forms_were_among_it(lives: tuple[Life, Life]) -> None:
    """An adverse event can hint at the treatment; its pages, its query and their lists are the same in both lives."""
    fetched = lives[0].fetched["monitor"]
    for start in ("/records/", "/studies/KETNAL/queries/", "queries_file"):
        pages = [got.content for address, got in fetched.items() if address.startswith(start)]
        assert any(b"Dissociation" in page for page in pages), start


@pytest.mark.requirement("BLD-02")
def test_serious_events_were_among_it(lives: tuple[Life, Life]) -> None:
    """The list, the file, the report on paper and the clock are the same in both lives."""
    fetched = lives[0].fetched["monitor"]
    for start in ("/studies/KETNAL/adverse-events/", "adverse_events_file", "event "):
        pages = [got.content for address, got in fetched.items() if address.startswith(start)]
        assert any(b"Syncope" in page for page in pages), start
    assert b"Report a serious adverse event" in lives[0].fetched["coordinator"]["/studies/KETNAL/"].content


@pytest.mark.requirement("BLD-02")
def test_deviations_were_among_it(lives: tuple[Life, Life]) -> None:
    """A wrong kit is its number: its page, the list and the file are the same in both lives."""
    fetched = lives[0].fetched["monitor"]
    for start in ("/deviations/", "/studies/KETNAL/deviations/", "deviations_file"):
        pages = [got.content for address, got in fetched.items() if address.startswith(start)]
        assert any(b"Wrong kit" in page for page in pages), start


@pytest.mark.requirement("BLD-02")
@pytest.mark.parametrize("role", [role.value for role in BLINDED])
def test_a_leak_would_be_seen(role: str, found: dict[str, list[Difference]]) -> None:
    """The negative control: an order, a length, a name of the arm, each in a view made to leak."""
    assert {difference.address for difference in found[role]} >= LEAKS


@pytest.mark.requirement("BLD-02")
def test_the_log_says_the_same(lives: tuple[Life, Life]) -> None:
    """Line for line, without clocks and addresses' tokens."""
    one, other = ([quiet(line.encode()) for line in life.log] for life in lives)
    assert one == other


@pytest.mark.requirement("BLD-02")
def test_the_chain_of_the_closed_schema_is_as_long(lives: tuple[Life, Life]) -> None:
    """A checkpoint tells the blinded how many entries there are, and a hash that is another in each life anyway."""
    one, other = ([(chain, n) for chain, n, _hash in life.heads] for life in lives)
    assert one == other
    assert not {head[2] for head in lives[0].heads} & {head[2] for head in lives[1].heads}


def test_the_mail_says_the_same(lives: tuple[Life, Life]) -> None:
    """About safety alerts, to each who acts, with no value of what was recorded."""
    assert lives[0].mail == lives[1].mail
    assert any("safety alert for" in message for message in lives[0].mail)
    assert not any(word in message for message in lives[0].mail for word in ("rated", "mmHg", "item"))
