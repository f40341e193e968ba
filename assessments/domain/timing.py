"""Which question the date of a rating gives cause for, and where it is asked: one question for one cause.

The cause is the date that was typed. A rating dated out of its window, or on the wrong side of the dose, is asked about at
that rating; a dose whose date leaves ratings there is asked about once, at the dose, however many they are. A question
stands until nothing gives cause for it any more, and is never asked twice of one date.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from enrollment.domain.schedule import WrongSide, deviation_days, wrong_side_of_dose

# Identifiers of the checks, the weightiest first: of what fires on one date, the first is asked about.
BEFORE_DOSE, AFTER_DOSE, OUT_OF_WINDOW = CHECKS = (
    "RATING-BEFORE-DOSE",
    "RATING-AFTER-DOSE",
    "RATING-OUT-OF-WINDOW",
)
# Each with a version that changes only together with its rule.
VERSIONS = dict.fromkeys(CHECKS, "1")
_OF_SIDE = {"before_dose": BEFORE_DOSE, "after_dose": AFTER_DOSE}


@dataclass(frozen=True, slots=True)
class Timing:
    """How the date of a rating stands: days `outside` its window (negative early), and on which wrong `side` of the
    dose; 0 and None where it is in order, or nothing is known."""

    outside: int = 0
    side: WrongSide | None = None

    @property
    def firing(self) -> tuple[str, ...]:
        """The checks that fire, the weightiest first."""
        fired = {_OF_SIDE[self.side]} if self.side else set()
        return tuple(check for check in CHECKS if check in fired or (check == OUT_OF_WINDOW and self.outside))


IN_ORDER = Timing()


def timing(
    performed_on: date | None, window: tuple[date, date] | None, *, after_dose: bool, dosed_on: date | None
) -> Timing:
    """`window`: first and last day, None while the period has no date; `after_dose`: whether the visit sees what the
    dose did."""
    outside = deviation_days(*window, performed_on) if window and performed_on else 0
    return Timing(outside, wrong_side_of_dose(after_dose, performed_on, dosed_on))


@dataclass(frozen=True, slots=True)
class RatingChecks:
    """A rating as its period sees it: the checks that fire now, those that fired before the change, and what is asked at
    the rating itself."""

    firing: tuple[str, ...]
    fired: tuple[str, ...]
    own: Collection[str] = ()


def asked_at_rating(rated: RatingChecks, *, typed: bool, asked_at_dose: bool) -> tuple[str, ...]:
    """The check that is asked about at the rating after a change: none, or one.

    `typed`: the rating's own date was typed just now. `asked_at_dose`: the dose is asked about already; what fired before
    is its matter.
    """
    if not rated.firing:
        return ()
    if typed and not (asked_at_dose and rated.fired and not rated.own):
        return rated.firing[:1]
    # What is asked stays as it is for as long as it fires; where it does not, what does takes its place.
    kept = tuple(check for check in rated.firing if check in rated.own)[:1]
    return kept or (rated.firing[:1] if rated.own else ())


def asked_at_dose(ratings: Iterable[RatingChecks], *, stands: bool, dosed: bool) -> str | None:
    """The check that is asked about at the dose of a period: of what its ratings do not ask themselves, the weightiest.

    `stands`: something is asked there already; otherwise only what fires anew gives cause, and only of a dose that was
    `given`: a plan says nothing of what happened.
    """
    open_ = [(set(rated.firing) - _covered(rated), rated.fired) for rated in ratings]
    anew = any(check not in fired for checks, fired in open_ for check in checks)
    if not stands and not (dosed and anew):
        return None
    return _first(check for checks, _fired in open_ for check in checks)


def _covered(rated: RatingChecks) -> set[str]:
    """Who is asked about a date at all is asked whether it lies in its window."""
    return {*rated.own, OUT_OF_WINDOW} if rated.own else set()


def _first(checks: Iterable[str]) -> str | None:
    ordered: Sequence[str] = sorted(checks, key=CHECKS.index)
    return ordered[0] if ordered else None
