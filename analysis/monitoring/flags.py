"""What a look's figures raise: flags, and boundaries that the observed z has reached."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analysis.monitoring.figures import Flag, LookBoundaries, MonitoringFigures

# What a look says, the gravest first: where several apply, the first is its flag.
FLAGS: tuple[Flag, ...] = ("safety", "efficacy", "futility")
COMPARED = ("pocock", "obrien_fleming", "haybittle_peto")
# A boundary above the z of any p, where no error is left to spend.
NEVER = 40.0


@dataclass(frozen=True, slots=True)
class LookShown:
    """A look as table, chart and test have it: with the completers it had and the boundaries at its information, or,
    not made yet, as it is planned. `z`, `crossed`: of the look that the figures are of; None and False for others."""

    number: int
    completers: int
    boundaries: Mapping[str, float]
    planned: bool
    z: float | None = None
    crossed: bool = False


def with_safety(figures: MonitoringFigures, stops: bool) -> MonitoringFigures:
    """`figures` when serious events were reported: whether they stop the trial."""
    flags = [name for name in FLAGS if name in figures.flags or (stops and name == "safety")]
    return replace(figures, flags=tuple(flags))


def crossed(z: float, boundary: float, sides: int) -> bool:
    """Whether `z` has reached `boundary`; with two sides in either direction."""
    return (abs(z) if sides == 2 else z) >= boundary


def looks_shown(figures: MonitoringFigures) -> list[LookShown]:
    """The looks made up to the one that `figures` are of, and those still planned.

    One passed over that does not count is left out. Figures of earlier versions do not say what the earlier looks had:
    those stand as planned."""
    test = figures.test
    here = test.number if test else 0
    looks = [
        LookShown(
            look.number,
            look.completers,
            look.boundaries,
            False,
            test.z if look.number == here else None,
            look.number == here and crossed(test.z, look.boundaries[figures.spending], figures.sides),
        )
        for look in _made(figures)
        if test
    ]
    return looks + [
        LookShown(look.number, look.completers, look.boundaries, True)
        for look in figures.plan
        if look.number > here
    ]


def _made(figures: MonitoringFigures) -> tuple[LookBoundaries, ...]:
    test = figures.test
    if test is None:
        return ()
    if test.made is not None:
        return test.made
    before = tuple(look for look in figures.plan if look.number < test.number)
    return (*before, LookBoundaries(test.number, figures.completers, test.boundaries))
