"""A distribution from counts is the one of the values written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.domain.spread import mean_interval, spread


@given(st.lists(st.integers(-52, 52), min_size=1, max_size=60))
def test_counts_give_what_the_values_give(values: list[int]) -> None:
    """Mean, SD and quartiles as numpy's, the interval as scipy's."""
    found = spread(sorted((value, values.count(value)) for value in set(values)))
    assert found is not None
    assert (found.n, found.low, found.high) == (len(values), min(values), max(values))
    assert found.mean == pytest.approx(np.mean(values))
    quartiles = (found.first_quartile, found.median, found.third_quartile)
    assert quartiles == pytest.approx(tuple(np.quantile(values, [0.25, 0.5, 0.75])))
    if len(values) < 2:
        assert (found.sd, mean_interval(found)) == (None, None)
        return
    assert found.sd == pytest.approx(np.std(values, ddof=1))
    if found.sd:
        expected = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
        assert mean_interval(found) == pytest.approx(expected)


def test_of_nothing_there_is_no_distribution() -> None:
    """No values: None, and no 0."""
    assert spread([]) is None
    assert spread([(3, 0)]) is None
