"""HAM-D17 as shipped against the CDISC terminology."""

import json
from pathlib import Path
from typing import Any

import pytest

from assessments.domain.instrument import load

TERMS = Path(__file__).parents[2].parent / "shared" / "reference" / "hamd17_ct.json"
HAMD = load("HAMD17")


@pytest.fixture(scope="module")
def terms() -> dict[str, Any]:
    if not TERMS.exists():
        pytest.skip("the CDISC terms of HAM-D17 are beside the checkout only")
    found: dict[str, Any] = json.loads(TERMS.read_text(encoding="utf-8"))
    return found


def test_items_have_the_codes_and_names_of_the_terminology(terms: dict[str, Any]) -> None:
    """Test codes, test names and C-codes of all 18 item codes, in order; the 19th term is the total."""
    *expected, total = [(term["testcd"], term["test"], term["ccode"]) for term in terms["items"]]
    assert [(item.code, item.cdisc_name, item.cdisc_code) for item in HAMD.items] == expected
    assert (total[0], total[1]) == (HAMD.total_code, "HAMD1-Total Score")
    assert HAMD.cdisc_category == terms["cat"]


def test_maxima_are_those_of_the_terms_but_for_not_assessed(terms: dict[str, Any]) -> None:
    """The terms count "not assessed" (3) on item 16 as its maximum, and so 53 in all: here it is no value."""
    found = {item.code: item.not_assessed or item.maximum for item in HAMD.items}
    *expected, total = [(term["testcd"], term["max"]) for term in terms["items"]]
    assert found == dict(expected)
    assert HAMD.total_maximum == 52 == total[1] - 1
