"""Follow every link that a person is shown, by GET, as a browser and as a fragment."""

import html
import re
from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from tests.access.test_other_sites import body

ADDRESSES = {"href", "src", "action", "hx-get", "data-url", "data-src"}
# As our templates write them: names in small letters, values in double quotes, with no > that is not escaped.
TAG, ATTRIBUTE = re.compile(r"<([a-z]+)\s([^<>]*)>"), re.compile(r'([a-z-]+)="([^"]*)"')
# A calendar turns its leaves for ever, a filter has many settings: so many of one path, and of one route, are enough.
TURNS, RECORDS = 3, 5


@dataclass(frozen=True, slots=True)
class Got:
    """An answer: status, headers in their order, bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes


def links(content: bytes, base: str) -> list[str]:
    """Addresses on this server named in a page, in their order, without fragments and static files."""
    answers = []
    for tag, inside in TAG.findall(content.decode(errors="replace")):
        values = dict(ATTRIBUTE.findall(inside))
        if tag == "form" and values.get("method", "get").lower() != "get":
            values.pop("action", None)
        for link in (html.unescape(value) for name, value in values.items() if name in ADDRESSES and value):
            parts = urlsplit(urljoin(f"http://testserver{base}", link))
            if parts.netloc == "testserver" and not parts.path.startswith(("/static/", "/logout/")):
                answers.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return answers


def crawl(client: Client, *starts: str, known: Collection[str] = ()) -> dict[str, Got]:
    """Address → answer, for everything that can be reached from `starts` by GET; fragments as "address (fragment)".

    `known`: addresses that an earlier crawl got, which are not asked for again."""
    waiting = deque(start for start in starts if start not in known)
    seen, turns, records = {*starts, *known}, Counter[str](), Counter[str]()
    answers: dict[str, Got] = {}
    while waiting:
        address = waiting.popleft()
        answer = client.get(address)
        content = body(answer)
        answers[address] = Got(answer.status_code, tuple(answer.items()), content)
        if re.search(rb"hx-get|hx-trigger", content):
            part = client.get(address, headers={"HX-Request": "true"})
            answers[f"{address} (fragment)"] = Got(part.status_code, tuple(part.items()), body(part))
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
    return answers


def refused(answers: Mapping[str, Got]) -> dict[str, int]:
    """Address → status, of links of a crawl that lead to no page."""
    assert len(answers) > 3
    return {address: got.status for address, got in answers.items() if got.status >= 400}


def _route(path: str) -> str:
    try:
        return resolve(path).url_name or path
    except Resolver404:
        return path
