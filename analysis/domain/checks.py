"""What every figure here refuses: options nobody knows, values that are no numbers, shares outside 0 and 1.

A wrong argument is a ValueError that names it, never a figure.
"""

from collections.abc import Collection, Iterable
from math import isfinite
from numbers import Integral, Real
from typing import Any


def one_of(name: str, value: object, options: Collection[Any]) -> None:
    """Raises ValueError unless `value` is one of `options`: a misspelt one would run another method.

    >>> one_of("method", "wald", ("wilson", "clopper_pearson"))
    Traceback (most recent call last):
    ValueError: method must be one of 'wilson', 'clopper_pearson', not 'wald'
    """
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, not {value!r}")


def finite(**values: object) -> None:
    """Raises ValueError unless each value is a finite number.

    >>> finite(z=float("nan"))
    Traceback (most recent call last):
    ValueError: z must be a finite number, not nan
    """
    for name, value in values.items():
        if not isinstance(value, Real) or not isfinite(value):
            raise ValueError(f"{name} must be a finite number, not {value!r}")


def within(low: float, high: float, **values: object) -> None:
    """Raises ValueError unless each value lies between `low` and `high`, and is neither of them.

    >>> within(0, 1, level=95)
    Traceback (most recent call last):
    ValueError: level must lie between 0 and 1, not 95
    """
    for name, value in values.items():
        if not isinstance(value, Real) or not low < float(value) < high:
            raise ValueError(f"{name} must lie between {low} and {high}, not {value!r}")


def share(**values: object) -> None:
    """Raises ValueError unless each value is a probability, 0 and 1 included.

    >>> share(rate=1.2)
    Traceback (most recent call last):
    ValueError: rate must be from 0 to 1, not 1.2
    """
    for name, value in values.items():
        if not isinstance(value, Real) or not 0 <= float(value) <= 1:
            raise ValueError(f"{name} must be from 0 to 1, not {value!r}")


def whole(**values: object) -> None:
    """Raises ValueError unless each value is a whole number, at least 0; a float such as 12.0 is none.

    >>> whole(n=7.5)
    Traceback (most recent call last):
    ValueError: n must be a whole number, at least 0, not 7.5
    """
    for name, value in values.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
            raise ValueError(f"{name} must be a whole number, at least 0, not {value!r}")


def prior(values: Iterable[float], size: int) -> None:
    """Raises ValueError unless `values` are `size` positive finite parameters: any other prior is improper.

    >>> prior((0, 1), 2)
    Traceback (most recent call last):
    ValueError: a prior needs 2 finite parameters above 0, not (0, 1)
    """
    parameters = tuple(values)
    if len(parameters) != size or not all(
        isinstance(value, Real) and isfinite(value) and value > 0 for value in parameters
    ):
        raise ValueError(f"a prior needs {size} finite parameters above 0, not {parameters}")


def error(alpha: float, sides: int) -> None:
    """Raises ValueError unless there are one or two sides and the error of each lies between 0 and 1/2.

    >>> error(0.05, 3)
    Traceback (most recent call last):
    ValueError: a test has one or two sides, found 3
    """
    if sides not in (1, 2):
        raise ValueError(f"a test has one or two sides, found {sides}")
    if not isinstance(alpha, Real) or not 0 < alpha / sides < 0.5:
        raise ValueError(f"alpha must lie between 0 and {sides / 2}, found {alpha}")
