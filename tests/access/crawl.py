"""Follow every link that a person is shown, by GET, as a browser and as a fragment."""

import re
from collections import Counter, deque
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from tests.access.test_other_sites import body

ADDRESSES = {"href", "src", "action", "hx-get", "data-url", "data-src"}
# A calendar turns its leaves for ever, a filter has many settings: so many of one path, and of one route, are enough.
TURNS, RECORDS = 3, 12


@dataclass(frozen=True, slots=True)
class Got:
    """An answer: status, headers in their order, bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form" and (values.get("method") or "get").lower() != "get":
            values.pop("action", None)
        self.found += [value for name, value in attrs if name in ADDRESSES and name in values and value]


def links(content: bytes, base: str) -> list[str]:
    """Addresses on this server named in a page, in their order, without fragments and static files."""
    parser = _Links()
    parser.feed(content.decode(errors="replace"))
    found = []
    for link in parser.found:
        parts = urlsplit(urljoin(f"http://testserver{base}", link))
        if parts.netloc == "testserver" and not parts.path.startswith(("/static/", "/logout/")):
            found.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return found


def crawl(client: Client, *starts: str) -> dict[str, Got]:
    """Address → answer, for everything that can be reached from `starts` by GET; fragments as "address (fragment)"."""
    waiting, seen, turns, records = deque(starts), set(starts), Counter[str](), Counter[str]()
    found: dict[str, Got] = {}
    while waiting:
        address = waiting.popleft()
        answer = client.get(address)
        content = body(answer)
        found[address] = Got(answer.status_code, tuple(answer.items()), content)
        if re.search(rb"hx-get|hx-trigger", content):
            part = client.get(address, headers={"HX-Request": "true"})
            found[f"{address} (fragment)"] = Got(part.status_code, tuple(part.items()), body(part))
        onward = [answer["Location"]] if answer.has_header("Location") else []
        if answer["Content-Type"].startswith("text/html"):
            onward += links(content, address)
        for link in onward:
            path = link.partition("?")[0]
            route = _route(path)
            if link not in seen and turns[path] < TURNS and records[route] < RECORDS:
                seen.add(link)
                turns[path] += 1
                records[route] += 1
                waiting.append(link)
    return found


def _route(path: str) -> str:
    try:
        return resolve(path).url_name or path
    except Resolver404:
        return path
