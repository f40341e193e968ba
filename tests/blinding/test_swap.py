"""The swap test: whatever a blinded person can obtain is the same whichever treatment was whose."""

import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import override_settings
from django.urls import reverse

from tests.access.conftest import signed_in
from tests.access.crawl import Got, crawl
from tests.access.test_other_sites import body
from tests.blinding.compare import Difference, differences, quiet
from tests.blinding.trial import STUDY, arms, live, trial
from trialsite.accounts.models import UNBLINDED, Role, User

BLINDED = [role for role in Role if role not in UNBLINDED]
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
    rooms = ["today", "participants", "calendar", "queries", "review", "dashboard", "closed", "allocation",
             "audit", "outcome_rules", "export", "people"]  # fmt: skip
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
    for name in ("participants_file", "calendar_file", "queries_file", "review_file", "people_file"):
        listed = client.post(reverse(name, args=[STUDY]))
        found[name] = Got(listed.status_code, tuple(listed.items()), body(listed))
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
    life.mail = [f"{one.to} {one.subject}\n{one.body}" for one in mail.outbox]
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
    assert lives[0].mail == lives[1].mail
