"""A protocol file held against the instruments that this installation has: asked when it is loaded.

A version that was loaded earlier is read without these checks, so that a newer program still opens it.
"""

from collections.abc import Iterator, Mapping, Sequence

from enrollment.protocol.model import InstrumentUse, Protocol
from trialsite.lib.document.keys import nearest
from trialsite.lib.document.problems import Problem, display

# Code of an instrument → code of each of its items → the item's highest value.
Catalogue = Mapping[str, Mapping[str, int]]


def problems(protocol: Protocol, catalogue: Catalogue) -> Iterator[Problem]:
    """Instruments and items that nobody knows, maxima that an item cannot have, and half a rule for missing items."""
    for use in protocol.instruments:
        key = f"instruments.{use.code}"
        if use.code not in catalogue:
            expected = f"an instrument of this installation: {_one_of(use.code, list(catalogue))}"
            yield Problem(f"{key}.code", display(use.code), expected)
        else:
            yield from _maxima(use, catalogue[use.code], f"{key}.item_maxima")
        if use.prorate and not use.most_missing:
            yield Problem(f"{key}.most_missing", "0", "at least 1, for this instrument's totals are prorated")
        if use.most_missing and not use.prorate:
            yield Problem(
                f"{key}.most_missing", display(use.most_missing), "'prorate = true' beside it, or 0"
            )


def _maxima(use: InstrumentUse, items: Mapping[str, int], key: str) -> Iterator[Problem]:
    for item, maximum in use.item_maxima.items():
        if item not in items:
            expected = f"the code of an item of {use.code}: {_one_of(item, list(items))}"
            yield Problem(f"{key}.{item}", "an unknown item", expected)
        elif not 1 <= maximum <= items[item]:
            yield Problem(f"{key}.{item}", display(maximum), f"a whole number, 1 to {items[item]}")


def _one_of(code: str, known: Sequence[str]) -> str:
    near = nearest(code, known)
    return f"one of {', '.join(known)}" + (f"; did you mean '{near}'?" if near else "")
