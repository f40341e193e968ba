"""What pages say: names as people know them, not codes; and one button that stands out."""

import re

import pytest

from tests.access.conftest import Person, signed_in
from tests.access.crawl import crawl
from tests.access.places import Places
from trialsite.accounts.models import User

# Codes of instruments and items, what Python calls things, and phrases nobody would say.
CODES = re.compile(
    r"\bHAMD\w*|\bCADSS\d+|\b(?:True|False)\b|\bperformed_on\b"
    r"|averaged over what|\b[Mm]ade of\b|open to change|\bsynthetic\b"
)
READERS = [("coordinator", "all"), ("investigator", "01"), ("statistician", "all"), ("auditor", "all")]


@pytest.mark.parametrize("who", READERS, ids=lambda who: who[0])
def test_pages_speak_as_people_do(who: Person, places: Places, people: dict[Person, User]) -> None:
    """Everywhere but in the raw entries of the audit trail, which are what is hashed."""
    texts: dict[str, set[str]] = {}
    standing_out: dict[str, list[str]] = {}
    for address, got in crawl(signed_in(people[who]), "/").items():
        if got.status != 200 or b"<html" not in got.content or re.search(r"/audit/.+/\d+-\d+/", address):
            continue
        page = got.content.decode()
        main = page[page.index("<main") : page.index("</main>")]
        text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", main, flags=re.DOTALL)
        if codes := set(CODES.findall(text)):
            texts[address] = codes
        # The steps from item to item are seen on a phone only, where the page ends in them.
        buttons = [
            tag for tag in re.findall(r"<(?:a|button) [^>]*btn-primary[^>]*>", main) if "data-step" not in tag
        ]
        if len(buttons) > 1:
            standing_out[address] = buttons
    assert (texts, standing_out) == ({}, {})
