"""Whether the protocol lists an event's term as an expected reaction."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from assessments.events.clock import is_listed
from assessments.models import Record


@pytest.mark.parametrize(
    ("items", "listed"),
    [
        ({"TERM": "nausea "}, True),
        ({"TERM": "Felt sick", "MEDDRA_TERM": "Nausea"}, True),
        ({"TERM": "Felt sick"}, False),
        ({}, False),
    ],
)
def test_by_the_term_of_the_site_or_of_meddra(items: dict[str, str], listed: bool) -> None:
    assert is_listed(event(items, ("Nausea", "Dissociation"))) is listed


def test_a_protocol_without_a_list_says_nothing() -> None:
    assert is_listed(event({"TERM": "Nausea"}, ())) is None


def event(items: dict[str, str], reactions: tuple[str, ...]) -> Record:
    """An adverse event of a participant under a protocol with that list."""
    protocol = SimpleNamespace(definition=SimpleNamespace(expected_reactions=reactions))
    record: Any = SimpleNamespace(items=items, participant=SimpleNamespace(protocol=protocol))
    return cast("Record", record)
