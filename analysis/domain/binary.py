"""Paired binary outcomes."""

from scipy.stats import binomtest


def mcnemar_exact(first: int, second: int) -> float:
    """Two-sided exact p-value of McNemar's test.

    `first`, `second`: discordant pairs in favour of each side. Under the null hypothesis first ~
    Binomial(first + second, 1/2), so p = 2·P(X ≥ max), at most 1. With no discordant pair p is 1.
    McNemar (1947), doi:10.1007/BF02295996.

    >>> round(mcnemar_exact(7, 0), 6)
    0.015625
    """
    pairs = first + second
    return float(binomtest(first, pairs).pvalue) if pairs else 1.0
