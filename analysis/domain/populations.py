"""Analysis sets of a crossover trial: who counts in which figure, and why not.

ICH E9 (1998), section 5.2: the sets are named before the data are seen, and exclusions are few and explained.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Shortfall = Literal["not_randomised", "not_dosed", "no_baseline", "no_primary"]


@dataclass(frozen=True, slots=True)
class PeriodRecord:
    """What is known of one period: was the treatment given, are the baseline and primary totals there."""

    number: int
    dosed: bool
    baseline: bool
    primary: bool


@dataclass(frozen=True, slots=True)
class PopulationMembership:
    """The sets one participant belongs to.

    `randomised`: all with a sequence. `treated`: dosed at least once; safety. `evaluable_periods`: the periods
    dosed with both totals; with one the participant counts in the mixed model. `completer`: all planned
    periods are evaluable; counts in paired comparisons (Hills–Armitage, McNemar, Mainland–Gart, Prescott) and
    towards the looks. `shortfall`, `period`: the first thing, in the order of the trial, that keeps a
    participant from being a completer.
    """

    randomised: bool
    treated: bool
    evaluable_periods: tuple[int, ...]
    completer: bool
    shortfall: Shortfall | None
    period: int | None


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many participants each set has: the denominators."""

    randomised: int
    treated: int
    evaluable: int
    completers: int


def membership(
    randomised: bool, records: Iterable[PeriodRecord], planned: Sequence[int]
) -> PopulationMembership:
    """Sets of one participant. `planned`: the period numbers of the protocol; a period without record is not dosed.

    Who was not randomised is in no set, whatever was recorded. Records of other periods do not count. Raises ValueError
    for two records of one period.

    >>> membership(True, [PeriodRecord(1, True, True, True), PeriodRecord(2, True, True, False)], (1, 2)).shortfall
    'no_primary'
    """
    if not randomised:
        return PopulationMembership(False, False, (), False, "not_randomised", None)
    recorded = list(records)
    by_number = {record.number: record for record in recorded}
    if len(by_number) < len(recorded):
        raise ValueError("a period has two records")
    periods = [by_number.get(number, PeriodRecord(number, False, False, False)) for number in sorted(planned)]
    missing = [(shortfall, record.number) for record in periods if (shortfall := _shortfall(record))]
    shortfall, period = missing[0] if missing else (None, None)
    return PopulationMembership(
        randomised=True,
        treated=any(record.dosed for record in periods),
        evaluable_periods=tuple(record.number for record in periods if _shortfall(record) is None),
        completer=not missing and bool(periods),
        shortfall=shortfall,
        period=period,
    )


def sizes(members: Iterable[PopulationMembership]) -> Sizes:
    """Count the sets; of nobody all are 0.

    >>> sizes([membership(True, [PeriodRecord(1, True, True, True)], (1, 2))])
    Sizes(randomised=1, treated=1, evaluable=1, completers=0)
    """
    everyone = list(members)
    return Sizes(
        randomised=sum(member.randomised for member in everyone),
        treated=sum(member.treated for member in everyone),
        evaluable=sum(bool(member.evaluable_periods) for member in everyone),
        completers=sum(member.completer for member in everyone),
    )


def _shortfall(record: PeriodRecord) -> Shortfall | None:
    if not record.dosed:
        return "not_dosed"
    if not record.baseline:
        return "no_baseline"
    return None if record.primary else "no_primary"
