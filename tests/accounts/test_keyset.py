"""Pages of a list by keyset: every row once, in order, whatever is empty; nothing before a page is read."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from enrollment.models import Visit
from trialsite.accounts.keyset import COUNTED, Page, SortKey, few, page_of, search
from trialsite.stack import testing

ORDERS: dict[str, Sequence[SortKey]] = {
    "one that may be empty": (SortKey("performed_on"), SortKey("pk")),
    "the same, descending": (SortKey.of("-performed_on"), SortKey("pk")),
    "across tables": (
        SortKey("participant__code"),
        SortKey("period__number", empty_first=True),
        SortKey("day"),
        SortKey("pk"),
    ),
    "all that may be empty": (
        SortKey("day"),
        SortKey.of("-period__number"),
        SortKey("performed_on"),
        SortKey("pk"),
    ),
}


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The demo trial, only read here."""
    before, name = connection.settings_dict["NAME"], f"ts_{uuid.uuid4().hex[:12]}"
    testing.database(name, testing.DEMO)
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = name
        yield
        connection.close()
        connection.settings_dict["NAME"] = before
    testing.drop(name)


def _pages(rows: QuerySet[Visit], keys: Sequence[SortKey], size: int) -> list[Page[Visit]]:
    pages = [page_of(rows, keys, None, size)]
    while pages[-1].after:
        pages.append(page_of(rows, keys, pages[-1].after, size))
    return pages


@pytest.mark.parametrize("keys", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pages_together_are_the_whole_list_in_its_order(
    demo: None, keys: Sequence[SortKey], size: int
) -> None:
    rows = Visit.objects.filter(participant__code__lt="01-006").select_related("period", "participant")
    pages = _pages(rows, keys, size)
    whole = list(rows.order_by(*(key.order() for key in keys)))
    assert len(whole) > 30
    assert [row for page in pages for row in page.rows] == whole
    assert [page.is_first for page in pages] == [True] + [False] * (len(pages) - 1)
    assert {page.n for page in pages} == {len(whole)}


@pytest.mark.parametrize(
    "after", ["", "nonsense", "[1]", "[null,null]", '["x",1]', '[{"a":1},2]', "7", '["2026-01-01","x"]']
)
def test_nonsense_in_the_address_is_the_first_page(demo: None, after: str) -> None:
    keys = ORDERS["one that may be empty"]
    assert (
        page_of(Visit.objects.all(), keys, after, 5).rows == page_of(Visit.objects.all(), keys, None, 5).rows
    )


def test_a_long_list_is_not_counted_to_its_end(demo: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trialsite.accounts.keyset.COUNTED", 20)
    page = page_of(Visit.objects.all(), [SortKey("pk")], None, 5)
    assert (page.n, page.more) == (20, True)
    assert COUNTED > 20


def test_few_are_the_first_in_order(demo: None) -> None:
    rows = Visit.objects.select_related("participant").order_by("-pk")
    assert few(rows, 3) == list(rows[:3])
    assert few(rows.none(), 3) == []


@pytest.mark.parametrize("searched", [3, 10, 1000])
def test_a_search_goes_on_until_all_was_looked_through(
    demo: None, searched: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few match: each page looks at so many rows, says that it stopped, and the next one begins there."""
    monkeypatch.setattr("trialsite.accounts.keyset.SEARCHED", searched)
    keys, among = ORDERS["across tables"], Visit.objects.filter(participant__code__lt="01-006")
    matching = among.filter(code="DAY7")
    pages = [search(matching, among, keys, None, 2)]
    while pages[-1].after:
        pages.append(search(matching, among, keys, pages[-1].after, 2))
    whole = list(matching.order_by(*(key.order() for key in keys)))
    assert len(whole) > 2
    assert [row for page in pages for row in page.rows] == whole
    assert any(page.stopped for page in pages) == (searched < 1000)
