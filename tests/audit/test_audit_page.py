"""The trail in the browser: filters, files that an outsider can check, and recorded reviews."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from enrollment.services import record_screening
from tests.conftest import MakeUser
from tests.treatments import add_treatment
from trialsite.accounts.context import RequestOrigin, audit_context, new_request_id, origin
from trialsite.accounts.models import AccessEvent, Membership, Site, Study, User
from trialsite.audit.models import AuditReview, Event

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
PAGE = "/studies/KETNAL/audit/"
DOCUMENT = Path(__file__).parents[2] / "docs" / "audit.md"


def lines(client: Client, kind: str, filters: str = "") -> list[str]:
    answer = client.post(f"{PAGE}file/{filters}", {"kind": kind})
    assert answer.status_code == 200
    content: bytes = b"".join(answer)
    return content.decode().splitlines()


def shown(client: Client, filters: str = "") -> str:
    """What the page says of its latest entry."""
    match = re.search(r'name="shown" value="([^"]+)"', client.get(PAGE + filters).content.decode())
    assert match
    return match.group(1)


@contextmanager
def a_request() -> Iterator[None]:
    token = origin.set(RequestOrigin(request=new_request_id()))
    yield
    origin.reset(token)


@pytest.fixture
def monitor(make_user: MakeUser) -> User:
    return make_user("monitor")


@pytest.fixture
def screened_again(screened: Participant, coordinator: User) -> Participant:
    """With an odd name of a treatment, and a change that has a reason; each by a request of its own."""
    with a_request():
        add_treatment(screened, by=coordinator, kind="OTHER", name='É "x" 電', weeks=3, outcome="NONE")
    screened.refresh_from_db()
    assert screened.consented_on
    with a_request():
        record_screening(
            screened,
            by=coordinator,
            version=screened.version,
            consented_on=screened.consented_on,
            age=51,
            sex=screened.sex,
            checklist={},
            reason="typing error",
        )
    return screened


def check(exported: list[str]) -> list[str]:
    """The recipe of docs/audit.md, run as it stands there."""
    recipe = DOCUMENT.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(recipe, "docs/audit.md", "exec"), names)  # noqa: S102 - our own documentation
    problems: list[str] = names["problems"](exported)
    return problems


@pytest.mark.requirement("AUD-10")
def test_the_exported_lines_can_be_checked_without_the_system(
    screened_again: Participant, monitor: User, as_user: SignIn
) -> None:
    """Numbers, links and hashes follow from the file alone; one changed letter, one line less, is told."""
    exported = lines(as_user(monitor), "jsonl", f"?participant={screened_again.code}")
    assert len(exported) == Event.objects.filter(chain=f"participant:{screened_again.pk}").count() > 5
    assert check(exported) == []
    changed = [line.replace("\\u96fb", "\\u96f7") for line in exported]
    assert changed != exported
    assert any("does not fit" in problem for problem in check(changed))
    ordered = sorted(exported, key=lambda line: json.loads(line)["n"])
    assert any("missing" in problem for problem in check([*ordered[:2], *ordered[3:]]))


def test_the_content_is_what_people_see(screened_again: Participant, monitor: User, as_user: SignIn) -> None:
    exported = lines(as_user(monitor), "jsonl", "?field=treatment")
    contents = [json.loads(json.loads(line)["content"]) for line in exported]
    assert 'É "x" 電' in [content[16].get("items", {}).get("NAME") for content in contents]
    first = json.loads(exported[0])
    assert first["participant"] == screened_again.code
    digest = hashlib.sha256(bytes.fromhex(first["prev"]) + first["content"].encode()).hexdigest()
    assert first["hash"] == digest


@pytest.mark.parametrize(
    ("filters", "seen", "not_seen"),
    [
        ("?kind=U", "typing error", "No entry matches"),
        ("?kind=I", "電", "typing error"),
        ("?field=treatment", "電", "typing error"),
        ("?field=age", "typing error", "電"),
        ("?who=nobody", "No entry matches", "typing error"),
    ],
)
def test_the_filters(
    filters: str, seen: str, not_seen: str, screened_again: Participant, monitor: User, as_user: SignIn
) -> None:
    page = as_user(monitor).get(PAGE + filters).content.decode()
    assert seen in page
    assert not_seen not in page


def test_a_date_that_is_none_is_said_and_nothing_is_shown(
    screened_again: Participant, monitor: User, as_user: SignIn
) -> None:
    """Rather than everything, as if it were the answer. What was typed stays."""
    client = as_user(monitor)
    page = client.get(f"{PAGE}?since=yesterday&who=Coord").content.decode()
    assert 'value="yesterday"' in page
    assert 'value="Coord"' in page
    assert "Correct the highlighted filter" in page
    assert "typing error" not in page
    assert client.post(f"{PAGE}file/?since=yesterday", {"kind": "csv"}).status_code == 302
    client.post(f"{PAGE}review/?since=yesterday", {"finding": "", "shown": "2030-01-01T00:00:00+00:00"})
    assert not AuditReview.objects.exists()


@pytest.mark.requirement("AUD-10")
def test_who_took_the_trail_is_recorded(screened_again: Participant, monitor: User, as_user: SignIn) -> None:
    """With the filters, before a byte leaves."""
    lines(as_user(monitor), "csv", "?who=Coord")
    taken = AccessEvent.objects.get(kind="trail taken")
    assert (taken.user, taken.about) == (monitor, "KETNAL csv who=Coord")
    assert Event.objects.filter(table_name="accounts_access", row_pk=str(taken.pk), actor=monitor.pk).exists()


@pytest.mark.requirement("AUD-11")
def test_a_review_is_recorded_with_its_filters_and_finding(
    screened_again: Participant, monitor: User, as_user: SignIn
) -> None:
    client = as_user(monitor)
    changes = Event.objects.filter(chain=f"participant:{screened_again.pk}", op="U")
    sent = {"finding": "Age was changed late.", "shown": shown(client, "?kind=U")}
    answer = client.post(f"{PAGE}review/?kind=U&page=3", sent, follow=True)
    review = AuditReview.objects.get()
    assert (review.reviewed_by, review.filters, review.entries) == (monitor, "kind=U", changes.count())
    assert review.until == changes.latest("at").at
    page = answer.content.decode()
    assert "Age was changed late." in page
    assert 'href="/studies/KETNAL/audit/?kind=U"' in page
    assert Event.objects.filter(table_name="audit_auditreview", actor=monitor.pk).exists()


@pytest.mark.requirement("AUD-11")
def test_a_review_is_written_once(screened_again: Participant, monitor: User, as_user: SignIn) -> None:
    client = as_user(monitor)
    client.post(f"{PAGE}review/", {"finding": "", "shown": shown(client)})
    assert AuditReview.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditReview.objects.update(finding="other")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("delete from audit_auditreview")


@pytest.mark.requirement("AUD-11")
def test_what_was_written_after_the_page_was_opened_is_not_reviewed(
    screened_again: Participant, coordinator: User, monitor: User, as_user: SignIn
) -> None:
    """A review is of what was on the screen."""
    client = as_user(monitor)
    seen, moment = Event.objects.filter(chain=f"participant:{screened_again.pk}").count(), shown(client)
    add_treatment(screened_again, by=coordinator, kind="OTHER", name="later", weeks=3, outcome="NONE")
    client.post(f"{PAGE}review/", {"finding": "", "shown": moment})
    review = AuditReview.objects.get()
    assert (review.entries, review.until) == (seen, datetime.fromisoformat(moment))


def test_the_reviews_of_others_are_for_who_sees_every_site(
    screened_again: Participant, monitor: User, make_user: MakeUser, other_site: Site, as_user: SignIn
) -> None:
    """Filters and findings name participants: at one site one sees one's own."""
    client = as_user(monitor)
    client.post(f"{PAGE}review/", {"finding": f"{screened_again.code} is odd", "shown": shown(client)})
    elsewhere = as_user(make_user("monitor", other_site, username="monitor-there"))
    assert "is odd" not in elsewhere.get(PAGE).content.decode()
    assert "is odd" in as_user(make_user("auditor")).get(PAGE).content.decode()


def test_a_coordinator_neither_sees_nor_reviews_it(
    screened_again: Participant, coordinator: User, as_user: SignIn
) -> None:
    client = as_user(coordinator)
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}review/", {"finding": ""}).status_code == 403
    assert client.post(reverse("audit_file", args=["KETNAL"]), {"kind": "csv"}).status_code == 403
    assert not AuditReview.objects.exists()


STUDY_PAGE = PAGE + "?about=study"


@pytest.fixture
def auditor(make_user: MakeUser) -> User:
    """Of the whole study."""
    return make_user("auditor")


@pytest.mark.requirement("AUD-12")
def test_the_study_and_its_people_have_their_own_pages(
    auditor: User, coordinator: User, as_user: SignIn
) -> None:
    """Roles, protocols and sign-ins, with who and when; no password, and no participant's entry."""
    with audit_context(coordinator):
        AccessEvent.objects.create(kind=AccessEvent.Kind.SIGNED_IN, user=coordinator)
    client = as_user(auditor)
    page = client.get(STUDY_PAGE).content.decode()
    assert "argon2" not in page
    # A person is a name, not a number; a role is a word.
    assert f"ole Coordinator of {coordinator.printed_name}" in page
    assert "signed in" in page
    filtered = client.get(STUDY_PAGE + "&field=protocolversion").content.decode()
    assert "loaded protocol" in filtered
    assert "created an account" not in filtered
    rows = lines(client, "jsonl", "?about=study")
    assert {json.loads(row)["chain"] for row in rows} == {"system"}


@pytest.mark.requirement("AUD-12")
def test_of_another_study_nothing_is_told(auditor: User, as_user: SignIn) -> None:
    """Neither its people nor what was taken there, by whomever."""
    system, other = User.objects.system(), Study.objects.exclude(code="KETNAL")[0]
    with audit_context(system, reason="test"):
        stranger = User(username="stranger", printed_name="A Stranger", password="!")
        stranger.save()
        for user in (stranger, auditor):
            Membership.objects.create(user=user, study=other, role="auditor", granted_by=system)
        for code in (other.code, "KETNAL"):
            AccessEvent.objects.create(
                kind=AccessEvent.Kind.TRAIL, user=auditor, about=f"{code} csv about={code}"
            )
    trail = "\n".join(lines(as_user(auditor), "csv", "?about=study"))
    assert "about=KETNAL" in trail
    assert f"about={other.code}" not in trail
    assert "A Stranger" not in trail


def test_who_sees_one_site_does_not_see_the_studys_own_entries(
    make_user: MakeUser, site: Site, as_user: SignIn
) -> None:
    client = as_user(make_user("monitor", site))
    assert "about=study" not in client.get(PAGE).content.decode()
    assert client.get(STUDY_PAGE).status_code == 403
    assert client.post(f"{PAGE}file/?about=study", {"kind": "csv"}).status_code == 403
