"""When have too many participants had a serious event? Beta-binomial monitoring of one rate.

Before the trial the rate p is Beta(a, b); after x events in n participants it is Beta(a + x, b + n − x). The trial stops
for safety when P(p > p0 | x, n) > τ. Thall & Simon (1994), doi:10.2307/2533377. A participant counts once, and the rule
may be looked at after each participant: it is a statement of belief, and its chance of stopping a safe trial is
found by simulation, not by τ.
"""

from bisect import bisect_left

from scipy.special import betaincc

from analysis.domain import checks

PRIOR = (1.0, 9.0)


def exceedance(events: int, n: int, *, p0: float = 0.1, prior: tuple[float, float] = PRIOR) -> float:
    """P(p > p0 | `events` of `n`): how sure one is that the rate is too high. n = 0 gives the prior's own.

    Raises ValueError for counts that can't be, a rate that is no question, and an improper prior.

    >>> round(exceedance(3, 3), 4)
    0.9744
    """
    checks.whole(events=events, n=n)
    checks.within(0, 1, p0=p0)
    checks.prior(prior, 2)
    if events > n:
        raise ValueError(f"0 ≤ events ≤ n does not hold: {events} of {n}")
    a, b = prior
    return float(betaincc(a + events, b + n - events, p0))


def boundary(
    planned: int, *, p0: float = 0.1, certainty: float = 0.95, prior: tuple[float, float] = PRIOR
) -> list[tuple[int, int]]:
    """(n, events) for each n at which the number of events that stops the trial changes, up to `planned`.

    Between two rows the earlier one holds; before the first, no number of events stops it.

    >>> boundary(30)
    [(3, 3), (6, 4), (12, 5), (19, 6), (26, 7)]
    """
    checks.whole(planned=planned)
    rows: list[tuple[int, int]] = []
    for n in range(1, planned + 1):
        events = stops_at(n, p0=p0, certainty=certainty, prior=prior)
        if events is not None and (not rows or events != rows[-1][1]):
            rows.append((n, events))
    return rows


def stops_at(
    n: int, *, p0: float = 0.1, certainty: float = 0.95, prior: tuple[float, float] = PRIOR
) -> int | None:
    """The least number of events in `n` participants that stops the trial; None when not even all of them do.

    >>> stops_at(14), stops_at(2)
    (5, None)
    """
    checks.whole(n=n)
    least = bisect_left(
        range(n + 1), True, key=lambda x: stops(x, n, p0=p0, certainty=certainty, prior=prior)
    )
    return least if least <= n else None


def stops(
    events: int, n: int, *, p0: float = 0.1, certainty: float = 0.95, prior: tuple[float, float] = PRIOR
) -> bool:
    """Whether `events` of `n` stop the trial.

    >>> stops(3, 5), stops(3, 6), stops(4, 6)
    (True, False, True)
    """
    checks.within(0, 1, certainty=certainty)
    return exceedance(events, n, p0=p0, prior=prior) > certainty
