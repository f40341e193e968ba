"""What two treatments do in the same participants, as assumed when a trial is planned."""

from math import sqrt

from analysis.domain import checks


def cells(responses: tuple[float, float], correlation: float = 0.0) -> tuple[float, float, float, float]:
    """Probabilities of responding with the first only, the second only, both, neither.

    `responses`: probability of response on either treatment; `correlation`: of a participant's two responses. Raises
    ValueError where one of them would be negative.

    >>> [round(share, 2) for share in cells((0.6, 0.2))]
    [0.48, 0.08, 0.12, 0.32]
    """
    first, second = responses
    checks.share(first=first, second=second)
    if not -1 <= correlation <= 1:
        raise ValueError(f"a correlation is from -1 to 1, found {correlation}")
    both = first * second + correlation * sqrt(max(0.0, first * (1 - first) * second * (1 - second)))
    probabilities = (first - both, second - both, both, 1 - first - second + both)
    if min(probabilities) < -1e-12:
        raise ValueError(f"responses {responses} do not allow a correlation of {correlation}")
    return probabilities


def drift(n: int, responses: tuple[float, float], correlation: float = 0.0) -> float:
    """The effect of paired responses as a drift: about what McNemar's z is on average at `n` participants.

    √n(p₁ − p₂)/√(p₁₂ + p₂₁), with the variance of no effect, as the test has it; 0 where nobody's responses differ.
    Miettinen (1968), doi:10.2307/2528039.

    >>> round(drift(30, (0.6, 0.2)), 4)
    2.9277
    """
    checks.whole(n=n)
    first, second, _both, _neither = cells(responses, correlation)
    return sqrt(n) * (first - second) / sqrt(first + second) if first + second > 0 else 0.0
