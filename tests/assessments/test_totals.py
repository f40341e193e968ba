"""The database's total of a rating and the program's are the same, for every instrument that is shipped."""

import json

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.instrument import Instrument, score, shipped

INSTRUMENTS = list(shipped().values())


@st.composite
def ratings(draw: st.DrawFn) -> tuple[Instrument, dict[str, int]]:
    """A complete rating: of each group one item, any value that it may have."""
    instrument = draw(st.sampled_from(INSTRUMENTS))
    items = [draw(st.sampled_from(group)) for group in instrument.groups]
    return instrument, {item.code: draw(st.integers(0, item.maximum)) for item in items}


@pytest.mark.django_db
@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: str(instrument.code))
def test_the_highest_total_is_the_sum(instrument: Instrument) -> None:
    items = {group[0].code: group[0].maximum for group in instrument.groups}
    assert _sum(items) == score(instrument, items).total


@pytest.mark.django_db(transaction=False)
def test_every_total_is_the_sum() -> None:
    @given(ratings())
    def check(rating: tuple[Instrument, dict[str, int]]) -> None:
        instrument, items = rating
        assert _sum(items) == score(instrument, items).total

    check()


def _sum(items: dict[str, int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select assessment_sum(%s)", [json.dumps(items)])
        return int(cursor.fetchone()[0])
