"""Every main screen: accessible in both colour schemes, and no wider than a phone."""

from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import SignIn

pytestmark = pytest.mark.browser
SCREENS = [
    ("coordinator", ""),
    ("coordinator", "participants/"),
    ("coordinator", "participants/01-010/"),
    ("coordinator", "participants/01-011/screening/"),
    ("coordinator", "participants/01-011/treatments/"),
    ("coordinator", "calendar/"),
    ("investigator", "dashboard/"),
    ("investigator", "participants/01-011/eligibility/"),
    ("monitor", "audit/"),
    ("monitor", "queries/?state=all"),
    ("monitor", "review/"),
    ("datamanager", "participants/01-001/"),
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
