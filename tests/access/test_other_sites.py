"""People of one site see nobody of another: not in pages, fragments, charts, feeds, files or exports."""

import io
import re
import zipfile
from typing import Any

import pytest
from django.urls import reverse

from enrollment.calendar.services import make_feed
from tests.access.conftest import Person, signed_in
from tests.access.places import Places
from tests.access.table import rows
from trialsite.accounts.models import Role, User
from trialsite.accounts.policy import POLICY

STUDY_PAGES = [row for row in rows() if row.where in {"study", "whole"} and "GET" in row.methods]
SITE_01 = re.compile(rb"\b01-\d{3}\b")


def body(answer: Any) -> bytes:
    """The answer's bytes; of a ZIP, those of its files."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content[:2] != b"PK":
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def _everything(user: User, places: Places) -> dict[str, bytes]:
    """Name → bytes of every study-wide page this person is served, as a page, as a fragment, and as files."""
    client = signed_in(user)
    pages = {}
    for row in STUDY_PAGES:
        address = places.address(row)
        for kind, headers in (("page", {}), ("fragment", {"HX-Request": "true"})):
            answer = client.get(address, headers=headers)
            if answer.status_code == 200:
                pages[f"{row.name} {kind}"] = body(answer)
    pages["audit csv"] = body(client.post(reverse("audit_file", args=["KETNAL"]), {"kind": "csv"}))
    pages["audit lines"] = body(client.post(reverse("audit_file", args=["KETNAL"]), {"kind": "jsonl"}))
    for row in rows():
        if row.name.endswith("_file") and row.name != "audit_file":
            pages[row.name] = body(client.post(reverse(row.name, args=["KETNAL"])))
    for chart in re.findall(rb"/dashboard/([\w-]+)\.csv", pages.get("dashboard page", b"")):
        for kind in ("csv", "svg"):
            name = reverse("chart_download", args=["KETNAL", chart.decode(), kind])
            pages[name] = body(client.get(name))
    pages["export"] = body(client.post(reverse("export", args=["KETNAL"]), {"reason": "a test"}))
    return pages


@pytest.mark.requirement("ACC-02")
@pytest.mark.parametrize("role", Role.values)
def test_no_code_of_another_site_is_shown(role: str, places: Places, people: dict[Person, User]) -> None:
    """Whatever a person of site 02 is served names no participant of site 01."""
    leaks = {
        name: match.group()
        for name, content in _everything(people[role, "02"], places).items()
        if (match := SITE_01.search(content))
    }
    assert not leaks


def test_the_same_search_finds_the_codes_where_they_belong(
    places: Places, people: dict[Person, User]
) -> None:
    """The test sees: the data manager of site 01 is shown them in pages, the trail and the export."""
    pages = {
        name
        for name, content in _everything(people["datamanager", "01"], places).items()
        if SITE_01.search(content)
    }
    assert {"participants page", "participants fragment", "queries page", "review page", "export"} <= pages


@pytest.mark.requirement("ACC-02")
@pytest.mark.parametrize("role", [role for role in Role if role in POLICY["calendar.view"]])
def test_a_calendar_feed_holds_its_owners_sites(
    role: Role, places: Places, people: dict[Person, User]
) -> None:
    """The address works without signing in, for the sites of whoever made it."""
    token = make_feed(places.study, by=people[role, "02"])
    content = signed_in(people[role, "02"]).get(reverse("feed", args=[token])).content
    assert b"BEGIN:VCALENDAR" in content
    assert not SITE_01.search(content)


def test_a_person_of_another_study_is_told_nothing_of_this_one(
    places: Places, people: dict[Person, User]
) -> None:
    """Also the export of a study where one holds no role: 404, as if it did not exist."""
    client = signed_in(people["admin", "outside"])
    assert client.post(reverse("export", args=["KETNAL"]), {"reason": "a test"}).status_code == 404
    assert b"KETNAL" not in client.get(reverse("home"), follow=True).content
