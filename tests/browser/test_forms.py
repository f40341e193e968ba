"""A form from the keyboard: conditional parts come without a reload, and checks speak as a field is left."""

import pytest
from playwright.sync_api import Locator, Page, expect

from assessments.domain.form_file import FOLDER
from tests.browser.conftest import SignIn

pytestmark = pytest.mark.browser


def test_an_adverse_event_from_the_keyboard(sign_in: SignIn, site_url: str) -> None:
    """What makes an event serious is asked only of a serious one; a digit chooses; the row is there afterwards."""
    page = sign_in("coordinator")
    event = new_event(page, site_url)
    page.locator("[name=item_TERM]").fill("Headache")
    page.keyboard.press("Tab")
    criteria = event.locator('[data-item="LIFE_THREATENING"]')
    expect(criteria).to_be_hidden()
    page.locator('[name="item_SERIOUS"][value="Y"]').focus()
    page.keyboard.press("Space")
    expect(criteria).to_be_visible()
    page.locator('[name="item_SERIOUS"][value="N"]').check()
    expect(criteria).to_be_hidden()
    page.locator('[name="item_SEVERITY"]').first.focus()
    page.keyboard.press("2")
    expect(page.locator('[name="item_SEVERITY"]').nth(1)).to_be_checked()


def test_what_is_wrong_is_said_when_the_field_is_left(sign_in: SignIn, site_url: str) -> None:
    page = sign_in("coordinator")
    new_event(page, site_url)
    onset = page.locator("[name=item_ONSET]")
    onset.fill("the day before")
    onset.press("Tab")
    expect(page.locator("#error_item_ONSET")).to_contain_text("not a date")
    onset.fill("Mar 2026")
    onset.press("Tab")
    expect(page.locator("#error_item_ONSET")).to_be_hidden()


def new_event(page: Page, site_url: str) -> Locator:
    """The empty page of an adverse event."""
    page.goto(f"{site_url}/studies/KETNAL/participants/01-002/forms/ADVERSE_EVENT/new/")
    return page.locator("form[data-entry]")


def test_a_form_file_is_tried_before_it_is_loaded(sign_in: SignIn, site_url: str) -> None:
    """Its conditions work on the server, with nothing kept there."""
    page = sign_in("datamanager")
    page.goto(f"{site_url}/studies/KETNAL/forms/preview/")
    page.locator("[name=file]").set_input_files(FOLDER / "urine_screen.toml")
    page.get_by_role("button", name="Check and show").click()
    which = page.locator('[data-item="POSITIVE_FOR"]')
    expect(which).to_be_hidden()
    page.locator('[name="item_DRUGS"][value="POSITIVE"]').check()
    expect(which).to_be_visible()
    page.get_by_role("button", name="Check, save nothing").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("Opioids")
    expect(page.locator('[name="item_DRUGS"][value="POSITIVE"]')).to_be_checked()
