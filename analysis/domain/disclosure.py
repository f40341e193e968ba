"""Which parts of the study are too small to be shown apart on a blinded page.

Pooled figures of few people come close to single people, and a part aligned with the allocation would speak of
treatment. So a part is shown only when it holds at least `MINIMUM` people, and nothing smaller can be had by
taking what is shown from the total.
"""

from collections.abc import Hashable, Mapping
from typing import TypeVar

from analysis.domain import checks

MINIMUM = 5
Part = TypeVar("Part", bound=Hashable)


def withheld(sizes: Mapping[Part, int], minimum: int = MINIMUM) -> frozenset[Part]:
    """The parts not to be shown. `sizes`: people in each part; together they are the total, which is shown.

    A part of 0 has nobody to protect and is shown. When the withheld parts together still hold fewer than
    `minimum`, the smallest of the others is withheld as well, until they hold enough or nothing is left.

    >>> sorted(withheld({"01": 7, "02": 4, "03": 9}))
    ['01', '02']
    """
    checks.whole(minimum=minimum, **{f"size of {part}": size for part, size in sizes.items()})
    rest = sorted((part for part in sizes if sizes[part]), key=lambda part: (sizes[part], str(part)))
    hidden = [part for part in rest if sizes[part] < minimum]
    visible = rest[len(hidden) :]
    while hidden and visible and sum(sizes[part] for part in hidden) < minimum:
        hidden.append(visible.pop(0))
    return frozenset(hidden)
