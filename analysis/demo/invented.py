"""What an invented participant lives through, as values: who they are, and each period as it went."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from trialsite.accounts.models import Site


@dataclass(frozen=True, slots=True)
class PeriodCourse:
    """One period as lived: the infusion's day, and totals of the endpoint's instrument by visit code (no key: not
    done yet). Everything else by visit code too, and empty where all went by the protocol."""

    dosed_on: date
    totals: dict[str, int]
    # Days after the planned day; before it below 0.
    delays: dict[str, int] = field(default_factory=dict)
    # (visit, instrument) → total, of instruments other than the endpoint's.
    others: dict[tuple[str, str], int] = field(default_factory=dict)
    # Why nobody came; why the rating was not done though somebody came for it.
    missed: dict[str, str] = field(default_factory=dict)
    not_done: dict[str, str] = field(default_factory=dict)
    # Why one item of the rating is missing: a code of the instrument.
    gaps: dict[str, str] = field(default_factory=dict)
    # Visits at which weight was measured: an alternative of an item is rated in place of its first form.
    measured: frozenset[str] = frozenset()
    # Days by which the date was typed wrong at first, and corrected later.
    mistyped: dict[str, int] = field(default_factory=dict)
    # An investigator's override of the washout before this period: days outside the rule, and why.
    override: tuple[int, str] | None = None
    # False: only planned for `dosed_on`.
    given: bool = True


@dataclass(frozen=True, slots=True)
class InventedParticipant:
    """An invented participant. `courses` takes the arms of the periods and gives the periods lived so far."""

    site: Site
    consented_on: date
    age: int
    sex: str
    screening_total: int | None
    status: str
    left_reason: str = ""
    left_on: date | None = None
    courses: Callable[[tuple[str, ...]], list[PeriodCourse]] = lambda arms: []
    treatments: tuple[str, ...] = ()
    facts: Mapping[str, float | bool] = field(default_factory=dict)

    @property
    def started(self) -> bool:
        return self.status in {"randomised", "completed", "withdrawn"}
