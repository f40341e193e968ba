"""Signed out, or cut off from the network, in the middle of a form: nothing that was typed is lost."""

import os
import re
from datetime import UTC, datetime, timedelta

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from trialsite.stack import testing

pytestmark = pytest.mark.browser
SAVED = re.compile(r"/visits/\d+/$")
DIGITS = "22211222221112211"
SECRET = "a shared secret of 20"
# A coordinator of site 01 with an authenticator app.
RATER = f"""
from trialsite.accounts import services
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Authenticator, Study, User
from trialsite.accounts.secondfactor import seal
with audit_context(User.objects.system()):
    user = User(username="rater", printed_name="Rita Rater")
    user.set_password("{testing.PASSWORD}")
    user.save()
with audit_context(user):
    Authenticator.objects.create(user=user, name="app", sealed=seal(user, b"{SECRET}"), last_step=0)
study = Study.objects.get(code="KETNAL")
services.grant_role(user, study, by=User.objects.system(), role="coordinator", site=study.sites.get(code="01"))
"""


def type_a_rating(page: Page, participant: str, site_url: str) -> None:
    """A correction of a saved one: all digits anew, and why."""
    page.goto(f"{site_url}/studies/KETNAL/participants/{participant}/")
    page.get_by_role("link", name="Day 3").first.click()
    page.get_by_role("link", name="Correct the rating").click()
    expect(page.locator("[data-count]")).to_contain_text("17 of 17")
    for digit in DIGITS:
        page.keyboard.press(digit)
    page.fill("[name=reason]", "typed anew")


def sign_out_elsewhere(page: Page) -> None:
    """In another tab of the same browser."""
    tab = page.context.new_page()
    tab.goto(page.url.partition("/visits/")[0].partition("/studies/")[0] + "/account/")
    tab.locator("details.person > summary").click()
    tab.get_by_role("button", name="Sign out").click()
    expect(tab).to_have_url(re.compile("/login/"))
    tab.close()


def values(page: Page) -> str:
    return "".join(one.get_attribute("value") or "" for one in page.locator("[data-row] input:checked").all())


@pytest.mark.requirement("ENT-05")
def test_a_signed_out_save_keeps_the_page_and_is_sent_after_signing_in_there(
    sign_in: SignIn, site_url: str
) -> None:
    """Ctrl+S asks for the password on the page itself; a wrong one is said; the right one sends what was typed."""
    page = sign_in("coordinator")
    type_a_rating(page, "01-002", site_url)
    form = page.url
    sign_out_elsewhere(page)
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_be_visible()
    assert page.url == form
    dialog.get_by_label("Password").fill("not my password")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_contain_text("The password is incorrect.")
    assert values(page) == DIGITS
    dialog.get_by_label("Password").fill(testing.PASSWORD)
    dialog.get_by_label("Password").press("Enter")
    page.wait_for_url(SAVED)
    expect(page.locator("body")).to_contain_text("total 27")
    page.reload()
    expect(page.locator("#messages")).not_to_contain_text("Saved")


@pytest.mark.requirement("ENT-05", "ACC-06")
def test_the_second_factor_is_asked_in_place(sign_in: SignIn, site_url: str) -> None:
    """After the password the code, without leaving what was typed."""
    testing.manage("app", f"browser_{os.getpid()}", "shell", "-c", RATER, TRIALSITE_ENV="demo")
    page = sign_in("rater", leaves=False)
    app = TOTP(SECRET.encode())
    page.fill("#id_code", f"{app.token():06d}")
    page.get_by_role("button", name="Sign in").click()
    type_a_rating(page, "01-003", site_url)
    sign_out_elsewhere(page)
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog", name="Sign in again")
    dialog.get_by_label("Password").fill(testing.PASSWORD)
    dialog.get_by_label("Password").press("Enter")
    # Each code works once: the next one, of a telephone whose clock is half a minute ahead.
    app.drift = 1
    dialog.get_by_label("Second-factor code").fill(f"{app.token():06d}")
    dialog.get_by_label("Second-factor code").press("Enter")
    page.wait_for_url(SAVED)
    expect(page.locator("body")).to_contain_text("total 27")


@pytest.mark.requirement("ENT-05")
def test_somebody_elses_sign_in_sends_nothing_in_their_name(sign_in: SignIn, site_url: str) -> None:
    """A colleague signs in in another tab of the same browser: the page asks for its own person again."""
    page = sign_in("coordinator")
    type_a_rating(page, "01-004", site_url)
    sign_out_elsewhere(page)
    tab = page.context.new_page()
    tab.goto(f"{site_url}/login/")
    tab.fill("#id_username", "investigator")
    tab.fill("#id_password", testing.PASSWORD)
    tab.click("button[type=submit]")
    tab.wait_for_url(lambda address: "/login/" not in address)
    page.bring_to_front()
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_contain_text("Sign in as Clara")
    dialog.get_by_role("button", name="Not now").click()
    assert values(page) == DIGITS
    page.locator("#guard-notice").get_by_role("button", name="Sign in").click()
    dialog.get_by_label("Password").fill(testing.PASSWORD)
    dialog.get_by_label("Password").press("Enter")
    page.wait_for_url(SAVED)


@pytest.mark.requirement("ENT-05")
def test_without_a_network_the_rating_stays_and_is_sent_when_it_is_back(
    sign_in: SignIn, site_url: str
) -> None:
    """Save does not leave the page; it says so, and saves by itself once there is an answer."""
    page = sign_in("coordinator")
    type_a_rating(page, "01-005", site_url)
    form = page.url
    page.context.set_offline(True)
    page.keyboard.press("Control+s")
    expect(page.locator("#guard-notice")).to_contain_text("the server is not responding")
    assert page.url == form
    assert values(page) == DIGITS
    page.context.set_offline(False)
    page.wait_for_url(SAVED, timeout=15_000)
    expect(page.locator("body")).to_contain_text("total 27")


@pytest.mark.requirement("ENT-05")
def test_an_answer_that_was_lost_saves_once(sign_in: SignIn, site_url: str) -> None:
    """The first send arrived and its answer did not: the second finds what the first made."""
    page = sign_in("coordinator")
    type_a_rating(page, "01-003", site_url)
    lost: list[int] = []

    def lose(route, request) -> None:  # type: ignore[no-untyped-def]
        if request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route(re.compile(r"/ratings/HAMD17/$"), lose)
    page.keyboard.press("Control+s")
    page.wait_for_url(SAVED, timeout=15_000)
    assert lost == [200]
    expect(page.locator("body")).to_contain_text("total 27")


def test_back_after_a_corrected_error_leads_to_where_one_came_from(sign_in: SignIn, site_url: str) -> None:
    """A refused form makes no step of the browser's history that asks to be sent again."""
    page = sign_in("coordinator")
    type_a_rating(page, "01-007", site_url)
    form = page.url
    page.locator("#id_rater").fill("")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert").filter(has_text="Not saved yet")).to_be_visible()
    page.locator("#id_rater").fill("Rita Rater")
    page.keyboard.press("Control+s")
    page.wait_for_url(SAVED)
    page.go_back()
    expect(page).to_have_url(form)
    page.go_back()
    expect(page).to_have_url(SAVED)
    expect(page.locator("h1")).to_contain_text("01-007")


@pytest.mark.requirement("ENT-05")
def test_a_screening_form_is_guarded_alike(sign_in: SignIn, site_url: str) -> None:
    """Its draft comes back; signed out, one signs in in place; without a network it waits."""
    page = sign_in("coordinator")
    form = f"{site_url}/studies/KETNAL/participants/01-011/screening/"
    page.goto(form)
    page.fill("#id_age", "43")
    expect(page.locator("#id_reason")).to_be_hidden()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Reason for the change").fill("source says 43")
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft saved", timeout=15_000)
    page.reload()
    assert page.locator("#id_age").input_value() == "43"
    sign_out_elsewhere(page)
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    dialog.get_by_label("Password").fill(testing.PASSWORD)
    page.route(re.compile(r"/screening/$"), lambda route: route.abort())
    dialog.get_by_label("Password").press("Enter")
    expect(page.locator("#guard-notice")).to_contain_text("the server is not responding")
    assert page.url == form
    page.unroute(re.compile(r"/screening/$"))
    expect(page.locator("#messages")).to_contain_text("Screening form saved.", timeout=15_000)
    assert page.url == form.removesuffix("screening/")


@pytest.mark.requirement("ENT-07")
def test_a_date_out_of_the_window_is_kept_by_enter_with_a_comment(sign_in: SignIn, site_url: str) -> None:
    """The cursor is where the answer is typed; Enter saves."""
    page = sign_in("coordinator")
    type_a_rating(page, "01-004", site_url)
    # Yesterday by UTC is no day to come at any site, whatever its zone.
    page.fill("#id_performed_on", (datetime.now(UTC) - timedelta(days=1)).date().isoformat())
    page.keyboard.press("Control+s")
    expect(page.locator("[data-ask-first]")).to_contain_text("after the window")
    expect(page.locator("#id_kept_because")).to_be_focused()
    page.keyboard.type("came late, was abroad")
    page.keyboard.press("Enter")
    page.wait_for_url(SAVED)
    expect(page.locator("body")).to_contain_text("came late, was abroad")


@pytest.mark.requirement("ENT-01")
def test_an_empty_save_leads_to_the_first_open_item(sign_in: SignIn, site_url: str) -> None:
    """Nothing but digits is needed to go on."""
    page = sign_in("coordinator")
    page.goto(f"{site_url}/studies/KETNAL/participants/01-005/")
    page.get_by_role("link", name="Day 3").first.click()
    page.get_by_role("link", name="Correct the rating").click()
    page.fill("[name=reason]", "typed anew")
    for item in ("HAMD104", "HAMD109"):
        page.locator(f"[name=item_{item}]:checked").focus()
        page.keyboard.press("Delete")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert").filter(has_text="2 items missing")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("ArrowDown")
    assert page.locator("[name=item_HAMD104]:checked").get_attribute("value") == "1"
    page.locator("#row_item_HAMD109 input").first.focus()
    page.keyboard.press("1")
    page.keyboard.press("Control+s")
    page.wait_for_url(SAVED)
