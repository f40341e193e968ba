"""Bang's and James' blinding index against R, against the definition, and at the edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.domain.blinding import Guesses, bang, james

# (treatment, placebo): right, wrong, do not know; then James' estimate, low, high, and Bang's of both arms. Printed by
# BI(x) of R's package BI 1.2.0 (R 4.2.2) for the four tables of its documentation: CRISP, Bang et al. (2004), table 7;
# investigators, coordinators and patients of Houweling et al. (2014), table 2.
REFERENCE = [
    ((82, 25, 170), (29, 27, 83), (0.7479275375, 0.70532302, 0.7905320549),
     (0.20577617329, 0.13671274504, 0.2748396015), (0.01438848921, -0.09110257878, 0.1198795572)),
    ((48, 4, 330), (30, 22, 319), (0.8964143426, 0.8750162849, 0.9178124004),
     (0.11518324607, 0.08003376090, 0.1503327312), (0.02156334232, -0.01646910596, 0.0595957906)),
    ((94, 11, 289), (44, 52, 284), (0.8233895957, 0.7973482782, 0.8494309132),
     (0.21065989848, 0.16412340195, 0.2571963950), (-0.02105263158, -0.07154419475, 0.0294389316)),
    ((143, 14, 188), (57, 104, 175), (0.7051162892, 0.6738729925, 0.7363595859),
     (0.3739130435, 0.3146650002, 0.4331610868), (-0.1398809524, -0.2123693427, -0.0673925621)),
]  # fmt: skip
Counts = tuple[int, int, int]
counts = st.tuples(*[st.integers(0, 60)] * 3)


@pytest.mark.parametrize(("treated", "placebo", "expected_james", "first", "second"), REFERENCE)
def test_the_indices_are_those_of_r(
    treated: Counts, placebo: Counts, expected_james: tuple[float, ...], first: tuple[float, ...],
    second: tuple[float, ...],
) -> None:  # fmt: skip
    """Estimates and 95 % intervals, to eight digits."""
    of_both = james(Guesses(*treated), Guesses(*placebo))
    for index, expected in (
        (of_both, expected_james), (bang(Guesses(*treated)), first), (bang(Guesses(*placebo)), second),
    ):  # fmt: skip
        assert index is not None
        assert (index.estimate, index.low, index.high) == pytest.approx(expected, abs=1e-8)


def test_what_the_indices_mean_at_their_ends() -> None:
    """Everybody right; everybody wrong; nobody knows; half of the guesses right."""
    right, wrong, unknown = Guesses(10, 0, 0), Guesses(0, 10, 0), Guesses(0, 0, 10)
    assert [index.estimate for index in map(bang, (right, wrong, unknown)) if index] == [1, -1, 0]
    pairs = [(right, right), (unknown, unknown), (Guesses(5, 5, 0), Guesses(5, 5, 0))]
    assert [index.estimate for pair in pairs if (index := james(*pair))] == pytest.approx([0, 1, 0.5])


def test_what_is_not_defined_is_none() -> None:
    """Nobody asked; everybody guessed one arm and had it."""
    nobody = Guesses(0, 0, 0)
    assert bang(nobody) is None
    assert james(nobody, nobody) is None
    assert james(Guesses(4, 0, 1), nobody) is None


@given(counts, counts)
def test_an_index_stays_in_its_range_and_james_does_not_care_for_the_order(
    first: Counts, second: Counts
) -> None:
    one, other = Guesses(*first), Guesses(*second)
    if index := bang(one):
        assert index.estimate is not None
        assert -1 <= index.estimate <= 1
        mirrored = bang(Guesses(one.wrong, one.right, one.unknown))
        assert mirrored
        assert mirrored.estimate == pytest.approx(-index.estimate)
    both, turned = james(one, other), james(other, one)
    assert (both is None) == (turned is None)
    if both and turned:
        assert both.estimate is not None
        assert -1e-9 <= both.estimate <= 1 + 1e-9
        assert (both.estimate, both.low) == pytest.approx((turned.estimate, turned.low))


@pytest.mark.parametrize(("treated", "placebo"), [row[:2] for row in REFERENCE])
def test_the_variance_is_that_of_the_delta_method(treated: Counts, placebo: Counts) -> None:
    """By numerical derivatives of the estimate in the shares of the six cells."""
    cells = [*treated, *placebo]
    n = sum(cells)

    def estimate(values: list[float]) -> float:
        scaled = [round(value * 10**7) for value in values]
        index = james(Guesses(*scaled[:3]), Guesses(*scaled[3:]))
        assert index
        assert index.estimate is not None
        return index.estimate

    step = 1e-3
    shares = [cell / n for cell in cells]
    gradient = []
    for place in range(6):
        up, down = shares.copy(), shares.copy()
        up[place] += step
        down[place] -= step
        gradient.append((estimate(up) - estimate(down)) / (2 * step))
    mean = sum(share * slope for share, slope in zip(shares, gradient, strict=True))
    squares = sum(share * slope**2 for share, slope in zip(shares, gradient, strict=True))
    index = james(Guesses(*treated), Guesses(*placebo))
    assert index
    assert index.high is not None
    assert index.estimate is not None
    expected = 1.959963985 * ((squares - mean**2) / n) ** 0.5
    assert index.high - index.estimate == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_wrong_level_and_a_count_that_is_none_are_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        bang(Guesses(1, 1, 1), level)
    with pytest.raises(ValueError, match="level"):
        james(Guesses(1, 1, 1), Guesses(1, 1, 1), level)
    with pytest.raises(ValueError, match="right"):
        Guesses(-1, 0, 0)
