"""Items of an invented rating."""

import random

from assessments.domain.instrument import Instrument
from assessments.models import Assessment


def items_for(instrument: Instrument, total: int, rng: random.Random) -> dict[str, int]:
    """Item values that add up to `total` (0 to the instrument's maximum), spread by chance."""
    pool = [group[0].code for group in instrument.groups for _ in range(group[0].maximum)]
    values = dict.fromkeys((group[0].code for group in instrument.groups), 0)
    for code in rng.sample(pool, total):
        values[code] += 1
    return values


def measure(rating: Assessment, instrument: Instrument, measured: bool) -> None:
    """Rate the alternative of an item, 16B for 16A, where it was measured."""
    for group in instrument.groups if measured else ():
        if len(group) > 1:
            rating.items[group[1].code] = rating.items.pop(group[0].code)


def leave_out(rating: Assessment, why: str, rng: random.Random) -> None:
    """One item, for the reason `why`: then there is no total."""
    if why:
        code = rng.choice(sorted(rating.items))
        del rating.items[code]
        rating.missing, rating.total, rating.status = {code: why}, None, Assessment.Status.ENTERED
