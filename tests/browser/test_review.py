"""Review by four people in their browsers: asked, answered, closed, signed, locked, unlocked by a second person."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from trialsite.stack import testing

pytestmark = pytest.mark.browser


def accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.fixture
def visit_address(sign_in: SignIn, site_url: str) -> str:
    """Day 5 of period 1 of a participant whose review has not begun."""
    page = sign_in("monitor")
    page.goto(f"{site_url}/studies/KETNAL/participants/01-003/")
    page.locator("#period-1 > summary").click()
    page.get_by_role("row", name="Day 5").first.get_by_role("link").click()
    page.wait_for_url("**/visits/*/")
    return page.url


def test_a_visit_through_all_hands(sign_in: SignIn, site_url: str, visit_address: str) -> None:
    """Each hand finds its step on the page, and every page on the way is accessible."""
    monitor = sign_in("monitor")
    monitor.goto(visit_address)
    form = monitor.locator("details", has_text="Raise a query").first
    form.locator("summary").click()
    form.get_by_label("About").select_option("HAMD101")
    form.get_by_label("Your question").fill("Source says 2. Which is right?")
    form.get_by_label("Must be closed before the visit is signed").check()
    form.get_by_role("button", name="Raise the query").click()
    expect(monitor.get_by_text("Query raised")).to_be_visible()
    monitor.get_by_label("2 Feelings of guilt").check()
    monitor.locator("#verify-HAMD17").get_by_role("button", name="Verify selected fields").click()
    expect(monitor.get_by_text("1 field verified")).to_be_visible()
    accessible(monitor)

    investigator = sign_in("investigator")
    sign(investigator, visit_address)
    expect(investigator.get_by_text("must be closed before signing").first).to_be_visible()
    accessible(investigator)

    coordinator = sign_in("coordinator")
    coordinator.goto(f"{site_url}/studies/KETNAL/")
    coordinator.get_by_role("link", name="Answer a query 01-003").click()
    coordinator.get_by_label("Your answer").fill("The source is right; item 1 follows it.")
    coordinator.get_by_role("button", name="Answer", exact=True).click()
    expect(coordinator.locator(".query").get_by_text("Answered").first).to_be_visible()

    monitor.goto(visit_address)
    monitor.get_by_role("link", name="Close").first.click()
    monitor.get_by_label("Your words").fill("Seen, thank you.")
    monitor.get_by_role("button", name="Close the query").click()
    expect(monitor.locator(".query").get_by_text("Closed").first).to_be_visible()

    sign(investigator, visit_address)
    expect(investigator.get_by_text("Any later change voids the signature")).to_be_visible()

    manager = sign_in("datamanager")
    manager.goto(visit_address)
    manager.get_by_role("link", name="Lock", exact=True).click()
    manager.get_by_label("Reason").fill("Verified and signed")
    manager.get_by_role("button", name="Lock").click()
    expect(manager.get_by_text("Locked", exact=True).first).to_be_visible()

    coordinator.goto(visit_address)
    expect(coordinator.get_by_role("link", name="Correct the rating")).to_have_count(0)
    coordinator.get_by_role("link", name="Request unlock").click()
    coordinator.get_by_label("Reason").fill("Item 3 was misread")
    accessible(coordinator)
    coordinator.get_by_role("button", name="Request unlock").click()
    manager.goto(f"{site_url}/studies/KETNAL/review/")
    manager.get_by_role("link", name="Decide").click()
    manager.get_by_label("Reason").fill("The source agrees")
    accessible(manager)
    manager.get_by_role("button", name="Approve").click()
    coordinator.goto(visit_address)
    expect(coordinator.get_by_text("Unlocked for changes until")).to_be_visible()
    expect(coordinator.get_by_role("link", name="Correct the rating")).to_be_visible()


def sign(page: Page, visit_address: str) -> None:
    page.goto(visit_address)
    page.get_by_role("link", name="Sign", exact=True).click()
    page.get_by_label("Confirm your password").fill(testing.PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign").click()


def test_an_adverse_event_is_asked_about_and_answered(sign_in: SignIn, site_url: str) -> None:
    """The query stands at the item of that very event, and its names in the lists lead there."""
    coordinator = sign_in("coordinator")
    enter_event(coordinator, f"{site_url}/studies/KETNAL/participants/01-004/forms/ADVERSE_EVENT/new/")

    monitor = sign_in("monitor")
    monitor.goto(f"{site_url}/studies/KETNAL/participants/01-004/")
    monitor.locator("#forms > summary").click()
    accessible(monitor)
    monitor.get_by_role("link", name="Open: Adverse events").click()
    monitor.get_by_role("link", name="Shivering").last.click()
    accessible(monitor)
    question = monitor.locator("details", has_text="Raise a query").first
    question.locator("summary").click()
    question.get_by_label("About").select_option("SEVERITY")
    question.get_by_label("Your question").fill("The source says moderate. Which is right?")
    question.get_by_role("button", name="Raise the query").click()
    expect(monitor.locator(".query-head")).to_contain_text("Shivering")
    expect(monitor.locator(".query-head")).to_contain_text("Severity")
    monitor.get_by_label("Onset").check()
    monitor.get_by_role("button", name="Verify selected fields").click()
    expect(monitor.get_by_text("1 field verified")).to_be_visible()

    coordinator.goto(f"{site_url}/studies/KETNAL/queries/")
    coordinator.get_by_role("row", name="Shivering").get_by_role("link").click()
    coordinator.get_by_label("Your answer").fill("Mild; the source is corrected.")
    coordinator.get_by_role("button", name="Answer", exact=True).click()
    expect(coordinator.locator(".query").get_by_text("Answered").first).to_be_visible()
    expect(coordinator.get_by_text("✓ verified")).to_be_visible()


def enter_event(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("[name=item_TERM]").fill("Shivering")
    page.locator("[name=item_ONSET]").fill("Mar 2026")
    for name, code in {
        "ONGOING": "Y", "SEVERITY": "MILD", "SERIOUS": "N", "RELATED": "NOT RELATED", "ACTION": "DOSE NOT CHANGED",
        "OUTCOME": "NOT RECOVERED/NOT RESOLVED",
    }.items():  # fmt: skip
        page.locator(f'[name="item_{name}"][value="{code}"]').check()
    page.get_by_role("button", name=re.compile(r"^Save(?! and)")).click()
    expect(page.get_by_text("Saved.").first).to_be_visible()
