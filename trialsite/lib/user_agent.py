"""What a person calls the browser they used."""

from django.utils.translation import gettext as _

# Most browsers claim to be others too: the first that is found counts.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def browser_of(agent: str) -> str:
    """Browser and system in the `User-Agent` header (RFC 9110, section 10.1.5), else the header as it is.

    >>> browser_of("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36")
    'Chrome on Linux'
    """
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), None)
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), None)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or agent[:60] or _("unknown")
