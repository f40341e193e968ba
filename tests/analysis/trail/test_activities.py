"""One entry of the page for one thing that somebody did, in words; and every entry of the trail on some page."""

import hashlib
import html
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.formats import date_format

from analysis.trail.names import MODELS
from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import correct
from enrollment import services
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from tests.access.conftest import demo_database, signed_in
from tests.audit.test_audit_page import a_request
from tests.conftest import MakeUser, items, rate
from trialsite.accounts.models import Site, Study, User
from trialsite.audit import activities
from trialsite.audit.models import Event
from trialsite.audit.readiness import audited_tables

__all__ = ["demo_database"]
PAGE = "/studies/KETNAL/audit/"
SignIn = Callable[[User], Client]


def sentences(page: str) -> list[str]:
    """The activities of a page as they are read, without what stands behind folds."""
    page = re.sub(r"<details class=\"trail-keys\">.*?</details>", "", page, flags=re.DOTALL)
    found = re.findall(
        r'<li class="trail-activity">(.*?)(?=<li class="trail-activity">|</ol>)', page, re.DOTALL
    )
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()) for text in found]


def pages(client: Client, filters: str = "") -> Iterator[str]:
    """One after the other, by their links to the older one."""
    address: str | None = PAGE + filters
    while address:
        page = client.get(address).content.decode()
        yield page
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = PAGE + html.unescape(older.group(1)) if older else None


def _entry(total: int, on: object) -> AssessmentEntry:
    return AssessmentEntry(items=items(total), rater="R", performed_on=on)  # type: ignore[arg-type]


@pytest.fixture
def corrected(randomised: Participant, coordinator: User) -> Assessment:
    """A rating of day 1 whose date was typed under the wrong visit, each step a request of its own."""
    first = randomised.periods.get(number=1)
    given = today_at(randomised.site) - timedelta(days=10)
    with a_request():
        services.record_dosing(first, given, by=coordinator, version=first.version)
    visit = Visit.objects.select_related("participant").get(period=first, code="DAY1")
    with a_request():
        rating = rate(visit, 20, coordinator, on=given + timedelta(days=2))
    with a_request():
        correct(
            rating, _entry(21, given + timedelta(days=1)), by=coordinator, version=rating.version,
            reason="typed under the wrong visit",
        )  # fmt: skip
    rating.refresh_from_db()
    return rating


@pytest.mark.django_db
def test_a_correction_is_one_entry_in_words(
    corrected: Assessment, coordinator: User, make_user: MakeUser, as_user: SignIn
) -> None:
    """Who did what, old and new under the names of the form, dates as people write them, and why: once."""
    page = as_user(make_user("monitor")).get(PAGE).content.decode()
    latest, entered, *_earlier = sentences(page)
    assert f"{coordinator.printed_name} (coordinator) corrected HAM-D, 17 items, Day 1 of period 1" in latest
    assert corrected.performed_on
    was, now = (
        date_format(day) for day in (corrected.performed_on + timedelta(days=1), corrected.performed_on)
    )
    assert f"Date of rating: {was} → now {now}" in latest
    assert "Total: 20 → now 21" in latest
    assert latest.count("typed under the wrong visit") == 1
    assert f"{coordinator.printed_name} (coordinator) entered HAM-D, 17 items, Day 1 of period 1" in entered
    assert "rating entered" not in entered


@pytest.mark.django_db
def test_an_item_is_called_as_on_the_form(
    corrected: Assessment, coordinator: User, make_user: MakeUser, as_user: SignIn
) -> None:
    code = next(iter(corrected.items))
    entry = replace(
        _entry(21, corrected.performed_on), items={**corrected.items, code: None}, missing={code: "refused"}
    )
    with a_request():
        correct(corrected, entry, by=coordinator, version=corrected.version, reason="not asked")
    (latest, *_) = sentences(as_user(make_user("monitor")).get(PAGE).content.decode())
    assert re.search(r"1 Depressed mood: \d → now not assessed: ", latest)


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["date of rating", "HAM-D", "total", "suicide"])
def test_a_form_or_field_is_found_by_its_name_on_the_page(
    words: str, corrected: Assessment, make_user: MakeUser, as_user: SignIn
) -> None:
    found = sentences(as_user(make_user("monitor")).get(PAGE, {"field": words}).content.decode())
    assert any("corrected HAM-D" in text for text in found)
    assert not any("as given" in text for text in found)


@pytest.mark.django_db
def test_the_raw_entries_are_one_click_away(
    corrected: Assessment, make_user: MakeUser, other_site: Site, as_user: SignIn
) -> None:
    """Number, hash and the text that it is over; for whoever sees the trail of that participant."""
    client = as_user(make_user("monitor"))
    link = re.search(r'href="(/studies/KETNAL/audit/participant:[^"]+)"', client.get(PAGE).content.decode())
    assert link
    page = html.unescape(client.get(link.group(1)).content.decode())
    for digest, content in re.findall(
        r"<dd><code>(\w+)</code></dd>.*?<pre[^>]*>(.*?)</pre>", page, re.DOTALL
    ):
        before = re.search(rf"{digest}</code></dd>.*?<code>(\w+)</code>", page, re.DOTALL)
        assert before
        assert hashlib.sha256(bytes.fromhex(before.group(1)) + content.encode()).hexdigest() == digest
    assert "typed under the wrong visit" in page
    elsewhere = as_user(make_user("monitor", other_site, username="elsewhere"))
    assert elsewhere.get(link.group(1)).status_code == 404
    for address in (
        "participant:99999999/1-2/",
        "participant:x/1-2/",
        "other/1-2/",
        f"participant:{'9' * 30}/1-2/",
    ):
        assert elsewhere.get(PAGE + address).status_code == 404
    assert elsewhere.get(f"{PAGE}system/1-9/").status_code == 403


@pytest.mark.django_db
def test_a_place_that_is_none_begins_at_the_newest(
    corrected: Assessment, make_user: MakeUser, as_user: SignIn
) -> None:
    client = as_user(make_user("monitor"))
    first = sentences(client.get(PAGE).content.decode())
    for before in ("x", ",", "participant:1,x", f"participant:1,{'9' * 40}", "participant:1,²"):
        assert sentences(client.get(PAGE, {"before": before}).content.decode()) == first


def _events(about: str) -> set[tuple[str, int]]:
    chains = "system" if about else "participant:"
    found = Event.objects.filter(study__isnull=False, chain__startswith=chains)
    return set(found.filter(study=Study.objects.get(code="KETNAL").pk).values_list("chain", "n"))


@pytest.mark.parametrize("about", ["", "?about=study"])
def test_every_entry_stands_on_one_page_and_no_key_outside_a_fold(
    about: str, demo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the demo, page after page. What people read holds no table, no column and no time of a machine."""
    monkeypatch.setattr(activities, "PAGE", 3)
    client = signed_in(User.objects.get(username="auditor"))
    seen: Counter[tuple[str, int]] = Counter()
    texts: list[str] = []
    for page in pages(client, about):
        seen.update((chain, int(n)) for chain, n in re.findall(r"<code>(\S+) (\d+)</code>", page))
        texts += sentences(page)
    assert _events(about) <= seen.keys()
    assert max(seen.values()) == 1
    assert texts
    columns = {
        f.attname
        for table in audited_tables()
        for f in MODELS[table]._meta.concrete_fields
        if "_" in f.attname
    }
    for text in texts:
        assert not {*audited_tables(), *columns} & set(re.findall(r"\w+", text)), text
        assert not re.search(r"\d{4}-\d\d-\d\d|None|True|False", text), text


def test_a_search_goes_back_in_steps_and_misses_nothing(
    demo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page looks at so many entries, says how far it came, and leads further."""
    client = signed_in(User.objects.get(username="auditor"))
    whole = [text for page in pages(client, "?kind=U") for text in sentences(page)]
    monkeypatch.setattr(activities, "SEARCHED", 40)
    stepped = list(pages(client, "?kind=U"))
    assert any("Searched back to" in page for page in stepped)
    assert [text for page in stepped for text in sentences(page)] == whole != []
