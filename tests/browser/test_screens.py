"""Every main screen: accessible in both colour schemes, and no wider than a phone."""

from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import SignIn

pytestmark = pytest.mark.browser
SCREENS = [
    ("coordinator", ""),
    ("coordinator", "participants/"),
    ("coordinator", "participants/01-010/"),
    ("coordinator", "participants/01-011/screening/"),
    ("coordinator", "participants/01-011/forms/FAILED_TREATMENT/"),
    ("coordinator", "calendar/"),
    ("investigator", "dashboard/"),
    ("investigator", "participants/01-011/eligibility/"),
    ("monitor", "audit/"),
    ("monitor", "queries/?state=all"),
    ("monitor", "review/"),
    ("investigator", "participants/01-002/review/"),
    ("monitor", "participants/01-003/review/"),
    ("pharmacist", ""),
    ("datamanager", "participants/01-001/"),
    ("datamanager", "imports/"),
    ("statistician", "closed/"),
    ("statistician", "closed/looks/1/"),
    ("statistician", "closed/looks/1/decision/"),
    ("pharmacist", "allocation/"),
    ("admin", "people/"),
    ("admin", "people/new/"),
    ("admin", "export/"),
    ("investigator", "participants/01-002/outcomes/"),
    ("investigator", "/account/"),
    ("investigator", "/account/second-factor/"),
]


@pytest.mark.parametrize(("username", "path"), SCREENS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_violation(
    username: str, path: str, scheme: str, sign_in: SignIn, site_url: str
) -> None:
    """axe finds nothing, and the page does not scroll sideways on a phone."""
    page = sign_in(username, color_scheme=scheme)
    answer = page.goto(urljoin(f"{site_url}/studies/KETNAL/", path))
    assert answer
    assert answer.status == 200
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_phone_has_cards_a_menu_and_one_button_for_the_filters(sign_in: SignIn, site_url: str) -> None:
    """No table is scrolled sideways, no room is cut off, and the list begins on the first screen."""
    page = sign_in("investigator", viewport={"width": 390, "height": 844})
    page.goto(f"{site_url}/studies/KETNAL/review/?state=all")
    table = page.locator(".table").first
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth + 1")
    first = table.locator("tbody tr").first
    assert first.bounding_box()["y"] < 300  # type: ignore[index]
    assert first.locator("[data-column=Performed]").inner_text() != ""
    assert not page.locator(".filter-bar").is_visible()
    page.get_by_role("button", name="Filter visits").click()
    assert page.locator(".filter-bar").is_visible()
    page.locator("summary", has_text="More").click()
    assert Axe().run(page).violations_count == 0
    page.locator(".tabs-panel").get_by_role("link", name="Dashboard").click()
    page.wait_for_url("**/dashboard/")


def test_a_participant_is_verified_by_keys_without_leaving(sign_in: SignIn, site_url: str) -> None:
    """j goes to a visit, v verifies its forms in place, and after the last the keyboard goes on to the next."""
    page = sign_in("monitor")
    page.goto(f"{site_url}/studies/KETNAL/participants/01-004/review/")
    page.keyboard.press("j")
    waiting = page.locator("[data-reading]").first.locator("[data-verify]")
    for left in range(waiting.count() - 1, -1, -1):
        expect(page.locator("[data-reading]").first).to_be_focused()
        page.keyboard.press("v")
        expect(waiting).to_have_count(left)
    page.get_by_text("verified against the source").first.wait_for()
    expect(page.locator("[data-reading]").nth(1)).to_be_focused()
    assert page.url.endswith("/review/")


def test_a_month_stays_a_grid_on_a_phone(sign_in: SignIn, site_url: str) -> None:
    """Seven days side by side, to be moved sideways within their box; the list below has its cards."""
    page = sign_in("coordinator", viewport={"width": 390, "height": 844})
    page.goto(f"{site_url}/studies/KETNAL/calendar/")
    tops = page.locator(".calendar tbody tr:first-child td").evaluate_all(
        "cells => cells.map(cell => cell.getBoundingClientRect().top)"
    )
    assert (len(tops), len(set(tops))) == (7, 1)
    assert page.locator("table.is-cards:not(.calendar)").count() == 1
