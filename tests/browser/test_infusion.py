"""An infusion day on a tablet: by touch and by keyboard, with the network away, in two tabs, in both schemes."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from trialsite.stack import testing

pytestmark = pytest.mark.browser
TABLET: dict[str, Any] = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}
STATE = "[data-queue-state]"
KEPT = "Object.keys(localStorage).filter(key => key.startsWith('trialsite.infusion.')).length"


def open_day(page: Page, site_url: str, code: str = "") -> str:
    """The page of an infusion day of `code`, else of somebody whose next infusion is to come."""
    for candidate in [code] if code else [f"01-{number:03d}" for number in range(1, 20)]:
        page.goto(f"{site_url}/studies/KETNAL/participants/{candidate}/")
        places = page.locator(
            'a[href*="/dosing/"]', has_text="Correct the date" if code else "Record as given"
        )
        if places.count():
            page.goto(f"{site_url}{places.first.get_attribute('href')}")
            assert "/infusion/" in page.url
            return page.url
    raise AssertionError("the demo has no such day")


def measure(page: Page, at: str, systolic: int) -> None:
    step = page.locator("#step-vital_signs")
    step.get_by_label("Date and time", exact=True).fill(at)
    step.get_by_label("Systolic blood pressure", exact=True).fill(str(systolic))
    step.get_by_label("Diastolic blood pressure", exact=True).fill("80")
    step.get_by_label("Pulse rate", exact=True).fill("75")
    step.get_by_role("button", name="Save: Vital signs").tap()


def kept(page: Page) -> int:
    return int(page.evaluate(KEPT))


def test_without_a_network_all_is_kept_and_sent_once_in_order(sign_in: SignIn, site_url: str) -> None:
    """Capsule, vital signs, start and stop by touch; a reload in between loses nothing; each row is there once."""
    page = sign_in("coordinator", **TABLET)
    open_day(page, site_url)
    expect(page.locator(STATE)).to_have_text("Everything is saved.")
    before = page.locator("[data-measured]").count()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.context.set_offline(True)
    page.locator("#capsule-item_CAPSULE_TIME").fill("0:01")
    page.locator("#step-capsule").get_by_role("button", name="Save: Capsule").tap()
    expect(page.locator(STATE)).to_contain_text("1 entry waits for the network")
    expect(page.locator("[data-countdown]")).to_be_visible()
    page.locator("#start-item_START").fill("0:46")
    page.locator("#start-reason").fill("Agreed with the sponsor")
    page.locator("#step-start").get_by_role("button", name="Save: Start").tap()
    measure(page, "1:01", 141)
    measure(page, "1:16", 148)
    page.locator("#stop-item_STOP").fill("1:26")
    page.locator("#step-stop").get_by_text("Yes", exact=True).tap()
    page.locator("#step-stop").get_by_role("button", name="Save: Stop").tap()
    expect(page.locator(STATE)).to_contain_text("5 entries wait for the network")
    assert kept(page) == 5
    sent.clear()
    page.context.set_offline(False)
    expect(page.locator(STATE)).to_have_text("Everything is saved.", timeout=20_000)
    steps = [url.rstrip("/").rpartition("/")[2] for url in sent if "/infusion/" in url]
    assert steps == ["capsule", "start", "vital_signs", "vital_signs", "stop"]
    expect(page.locator("[data-measured]")).to_have_count(before + 2)
    page.reload()
    expect(page.locator("[data-measured]")).to_have_count(before + 2)
    assert page.locator("[data-measured] th").all_inner_texts()[:2] == ["01:01", "01:16"]
    expect(page.locator("#step-stop .infusion-step-state")).to_contain_text("01:26")
    assert kept(page) == 0


def test_two_tabs_send_each_entry_once(sign_in: SignIn, site_url: str) -> None:
    page = sign_in("coordinator", **TABLET)
    address = open_day(page, site_url, "01-003")
    before = page.locator("[data-measured]").count()
    other = page.context.new_page()
    other.goto(address)
    page.context.set_offline(True)
    measure(page, "2:01", 131)
    measure(other, "2:16", 132)
    measure(page, "2:31", 133)
    expect(other.locator(STATE)).to_contain_text("3 entries wait")
    page.context.set_offline(False)
    for tab in (page, other):
        expect(tab.locator(STATE)).to_have_text("Everything is saved.", timeout=20_000)
    page.reload()
    expect(page.locator("[data-measured]")).to_have_count(before + 3)
    assert kept(page) == 0


def test_what_is_half_typed_survives_a_reload_and_goes_at_sign_out(sign_in: SignIn, site_url: str) -> None:
    page = sign_in("coordinator", **TABLET)
    open_day(page, site_url, "01-003")
    field = page.locator("#vital_signs-item_SYSBP")
    field.fill("155")
    page.reload()
    expect(field).to_have_value("155")
    assert kept(page) == 1
    page.locator(".person summary").tap()
    page.get_by_role("button", name="Sign out").tap()
    page.wait_for_url(lambda url: "/infusion/" not in url)
    assert kept(page) == 0


def test_what_is_wrong_comes_back_to_its_field(sign_in: SignIn, site_url: str) -> None:
    """By keyboard: refused by the server, the entry waits until somebody looks at it, and nothing else waits for it."""
    page = sign_in("coordinator", **TABLET)
    open_day(page, site_url, "01-003")
    page.locator("#vital_signs-item_TIME").fill("3:01")
    page.locator("#vital_signs-item_SYSBP").fill("90")
    page.locator("#vital_signs-item_DIABP").fill("95")
    page.keyboard.press("Enter")
    refused = page.locator(".infusion-refused[data-refused]")
    expect(refused).to_contain_text("must be above the diastolic")
    refused.get_by_role("button", name="Look at it again").focus()
    page.keyboard.press("Enter")
    expect(refused).to_be_hidden()
    expect(page.locator("#vital_signs-item_DIABP")).to_be_focused()
    expect(page.locator("#vital_signs-item_DIABP")).to_have_value("95")
    page.locator("#vital_signs-item_DIABP").fill("60")
    before = page.locator("[data-measured]").count()
    page.keyboard.press("Enter")
    expect(page.locator("[data-measured]")).to_have_count(before + 1)


REFUSED = ".infusion-refused[data-refused]"


def test_a_step_that_was_refused_and_corrected_loses_no_answer(sign_in: SignIn, site_url: str) -> None:
    """Refused as a whole, and sent again with one field mended: the fields that were right are saved as well; a second entry
    of the step that waited behind it, too."""
    page = sign_in("coordinator", **TABLET)
    open_day(page, site_url, "01-003")
    step, field = page.locator("#step-capsule"), page.locator("#capsule-item_CAPSULE_TIME")
    save = step.get_by_role("button", name="Save: Capsule")
    step.locator("details:has(form)").evaluate("element => { element.open = true }")
    page.context.set_offline(True)
    page.locator("#capsule-item_KIT").fill("K-0001")
    page.locator("#capsule-reason").fill("read again")
    for wrong in ("25:71", "25:72"):
        field.fill(wrong)
        save.tap()
    page.context.set_offline(False)
    lines = page.locator(f"{REFUSED} li")
    expect(lines).to_have_count(2, timeout=20_000)
    lines.first.get_by_role("button", name="Discard").tap()
    lines.get_by_role("button", name="Look at it again").tap()
    field.fill("0:02")
    save.tap()
    expect(lines).to_have_count(0)
    expect(page.locator(STATE)).to_have_text("Everything is saved.", timeout=20_000)
    page.reload()
    expect(step).to_contain_text("K-0001")
    expect(step).to_contain_text("00:02")


def test_what_is_being_typed_is_not_overwritten_by_what_was_refused(sign_in: SignIn, site_url: str) -> None:
    page = sign_in("coordinator", **TABLET)
    open_day(page, site_url, "01-003")
    pulse = page.locator("#vital_signs-item_PULSE")
    measure(page, "3:31", 20)  # Below the diastolic pressure.
    refused = page.locator(REFUSED)
    expect(refused).to_be_visible()
    pulse.fill("61")
    refused.get_by_role("button", name="Look at it again").tap()
    expect(page.locator("#step-vital_signs")).to_contain_text("Something is typed here that is not saved")
    expect(pulse).to_have_value("61")
    pulse.fill("")
    refused.get_by_role("button", name="Look at it again").tap()
    expect(pulse).to_have_value("75")
    expect(refused).to_be_hidden()


def test_the_second_person_confirms_at_the_bedside(sign_in: SignIn, site_url: str) -> None:
    page = sign_in("coordinator", **TABLET)
    open_day(page, site_url, "01-003")
    check = page.locator("#step-check")
    check.get_by_label("Username of the second person").fill("coordinator")
    check.get_by_label("Password of the second person").fill(testing.PASSWORD)
    page.keyboard.press("Enter")
    expect(check).to_contain_text("somebody else")
    assert kept(page) == 0
    assert testing.PASSWORD not in page.evaluate("JSON.stringify(localStorage)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits(sign_in: SignIn, site_url: str, scheme: str) -> None:
    """What is next is the biggest thing on it; on a phone nothing scrolls sideways; on paper the forms are gone."""
    page = sign_in("coordinator", **TABLET, color_scheme=scheme)
    open_day(page, site_url, "01-003")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    sizes = page.evaluate(
        "[...document.querySelectorAll('#infusion *')].map(element => parseFloat(getComputedStyle(element).fontSize))"
    )
    biggest = page.locator("[data-countdown]").evaluate(
        "element => parseFloat(getComputedStyle(element).fontSize)"
    )
    assert biggest == max(sizes)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print")
    expect(page.locator("#step-capsule form")).to_be_hidden()
