"""A coordinator's day, walked in a browser."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import SignIn
from trialsite.stack import testing

pytestmark = pytest.mark.browser
TODAY = datetime.now(ZoneInfo("America/New_York")).date().isoformat()
ARMS = re.compile("placebo|naltrexone 50|Ketamine \\+", re.IGNORECASE)


def rate(page: Page, digits: str) -> None:
    """Seventeen digits and Ctrl+S: nothing else is touched."""
    expect(page.locator("[data-count]")).to_be_visible()
    for digit in digits:
        page.keyboard.press(digit)
    expect(page.locator("[data-count]")).to_contain_text("17 of 17")
    page.keyboard.press("Control+s")
    page.wait_for_url(re.compile(r"/visits/\d+/(\?saved=\w+)?$"))


def treatment(page: Page, name: str) -> None:
    """One course of an antidepressant, as its form asks for it, and on to the next."""
    page.locator('[name="item_KIND"][value="ANTIDEPRESSANT"]').check()
    page.locator("[name=item_NAME]").fill(name)
    page.locator("[name=item_DOSE]").fill("100")
    page.locator("[name=item_WEEKS]").fill("9")
    page.locator('[name="item_CURRENT_EPISODE"][value="Y"]').check()
    page.locator('[name="item_ADEQUATE"][value="Y"]').check()
    page.locator('[name="item_OUTCOME"][value="INSUFFICIENT"]').check()
    page.get_by_role("button", name="Save and add another").click()
    expect(page.locator("[name=item_NAME]")).to_have_value("")


def test_from_screening_to_the_first_rating(sign_in: SignIn) -> None:
    """Screen, rate by keyboard, list treatments; the investigator confirms; randomise, plan, dose, rate."""
    page = sign_in("coordinator2")
    page.get_by_role("link", name="Participants").first.click()
    page.get_by_role("link", name="Screen a participant").click()
    page.fill("[name=consented_on]", TODAY)
    page.fill("[name=age]", "44")
    page.select_option("[name=sex]", "F")
    page.get_by_role("button", name="Start screening").click()

    for row in page.locator(".checklist-row").all():
        exclusion = re.search(
            "disorder, current|comorbid|Psychosis|Opioid|hepatitis|pressure|Pregnant", row.inner_text()
        )
        row.locator("label", has_text=re.compile("^No$" if exclusion else "^Yes$")).click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").or_(page.get_by_role("alert")).first).to_contain_text("saved")
    code = page.locator("h1").inner_text().split()[0]
    participant = page.url

    for name in ("Sertraline", "Venlafaxine", "Bupropion", "Lithium"):
        page.goto(participant + "forms/FAILED_TREATMENT/new/")
        treatment(page, name)

    page.goto(participant + "forms/FAILED_TREATMENT/")
    expect(page.get_by_role("region", name="Eligibility")).to_contain_text(
        "number of failed treatments is not known yet"
    )
    page.goto(participant + "treatments/complete/")
    page.get_by_role("button", name="Yes, the list is complete").click()

    page.get_by_role("link", name="Screening rating").click()
    rate(page, "22211222221112211")
    expect(page.locator("body")).to_contain_text("total 27")

    physician = sign_in("investigator2")
    expect(physician.locator("body")).to_contain_text(code)
    physician.goto(participant + "eligibility/")
    physician.get_by_label("Eligible", exact=True).check()
    physician.get_by_label("Confirm your password").fill(testing.PASSWORD)
    physician.get_by_role("button", name="Sign the decision").click()

    page.goto(participant)
    page.get_by_role("link", name="Randomise", exact=True).click()
    page.get_by_role("button", name=re.compile("Yes, randomise")).click()
    expect(page.locator(".kit").first).to_contain_text(re.compile(r"K-\d+"))
    assert not ARMS.search(page.locator("main").inner_text())

    page.get_by_role("link", name="Record as given").first.click()
    page.locator("#start-item_START").fill("0:01")
    page.locator("#step-start").get_by_role("button", name="Save: Start").click()
    expect(page.locator("#step-start[data-done]")).to_have_count(1)

    page.get_by_role("link", name="Today").first.click()
    page.locator(".worklist-row", has_text=code).filter(has_text="Baseline").click()
    page.get_by_role("region", name="HAM-D").get_by_role("link", name="Enter the rating").click()
    rate(page, "22211222221112211")
    expect(page.locator("body")).to_contain_text("total 27")


def rating_due(page: Page, visit: str) -> Locator:
    """A visit that waits for its rating; forms of one that is rated wait in rows of their own."""
    return page.locator(".worklist-row", has_text=visit).filter(has_not_text="forms").first


def test_digits_typed_before_the_script_came_are_not_lost(sign_in: SignIn) -> None:
    """On a slow line the page is there before its script: the digits still fall on their items, in order."""
    page = sign_in("coordinator2")
    held: list[Route] = []
    page.route("**/scripts/rating.js", lambda route: held.append(route))
    with page.expect_request("**/scripts/rating.js"):
        rating_due(page, "Day 3").click()
    expect(page.locator("[data-count]")).to_contain_text("0 of 17")
    for digit in "0121":
        page.keyboard.press(digit)
    held[0].continue_()
    expect(page.locator("[data-count]")).to_contain_text("4 of 17")
    values = [page.locator("[data-row]").nth(n).locator("input:checked").input_value() for n in range(4)]
    assert values == ["0", "1", "2", "1"]


def test_a_saved_rating_shows_on_an_open_dashboard(sign_in: SignIn) -> None:
    """The investigator's page takes the new response in without a reload."""
    watching = sign_in("investigator2")
    watching.get_by_role("link", name="Dashboard").first.click()
    figures = watching.locator(".headline")
    expect(figures).to_contain_text("7/26")

    page = sign_in("coordinator2")
    rating_due(page, "Day 1").click()
    rate(page, "00000000000000000")
    expect(figures).to_contain_text("8/27")


def test_two_people_on_one_rating_lose_nothing(sign_in: SignIn) -> None:
    """The second to save sees both values side by side and is told who was first."""
    pages = [sign_in("coordinator"), sign_in("coordinator")]
    pages[0].goto(pages[0].url + "participants/01-002/")
    pages[0].get_by_role("link", name="Day 3").first.click()
    pages[0].get_by_role("link", name="Correct the rating").click()
    pages[1].goto(pages[0].url)
    for page, value in zip(pages, "34", strict=True):
        page.locator(f"label[for$='HAMD101_{value}'], label[for*='HAMD101'][for$='{value}']").first.click()
        page.fill("[name=reason]", f"source says {value}")
    pages[0].get_by_role("button", name=re.compile("^Save")).click()
    pages[0].wait_for_url(re.compile(r"/visits/\d+/(\?saved=\w+)?$"))
    with pages[1].expect_response(
        lambda answer: answer.request.method == "POST" and "/draft" not in answer.url
    ) as sent:
        pages[1].get_by_role("button", name=re.compile("^Save")).click()
    assert sent.value.status == 409
    expect(pages[1].locator("main")).to_contain_text("Depressed mood")


def test_a_draft_comes_back(sign_in: SignIn) -> None:
    """What was typed and not saved is there after a reload."""
    page = sign_in("coordinator")
    page.goto(page.url + "participants/01-011/")
    page.get_by_role("link", name="Screening rating").click()
    correct = page.get_by_role("link", name="Correct the rating")
    if correct.count():
        correct.click()
    page.locator("label[for*='HAMD102'][for$='4']").first.click()
    expect(page.locator("body")).to_contain_text("Draft saved", timeout=10_000)
    page.reload()
    assert page.locator("input[name=item_HAMD102]:checked").get_attribute("value") == "4"


def test_the_administrator_takes_an_export(sign_in: SignIn) -> None:
    """A ZIP comes, and the page lists who took it."""
    page = sign_in("admin")
    page.get_by_role("link", name="Export").first.click()
    page.fill("[name=reason]", "interim cleaning")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "KETNAL-blinded.zip"
    page.reload()
    expect(page.locator("main")).to_contain_text("interim cleaning")
