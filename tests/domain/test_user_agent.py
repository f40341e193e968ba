"""Sessions are told apart by the browser's name, not by its header."""

import pytest

from trialsite.lib.user_agent import browser_of

APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROMIUM = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM}", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Edg/141.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 16; Pixel 9) {CHROMIUM}", "Chrome on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/26.0 Safari/605.1.15", "Safari on macOS"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {APPLE} Version/26.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "unknown"),
    ],
)  # fmt: skip
def test_the_browser_has_the_name_that_people_know(agent: str, name: str) -> None:
    assert browser_of(agent) == name
