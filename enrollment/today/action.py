"""One row of the work list."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Action:
    """One row: who it is about, what to do, why now, and where."""

    participant: str
    what: str
    why: str
    url: str
    state: str
    on: date | None = None
