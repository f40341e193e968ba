"""What a file would do to a study: counts, problems, and a fingerprint of the state for which that holds."""

import hashlib
from dataclasses import dataclass, field

from assessments.domain.longform import Problem, Row
from assessments.importing.saved import Saved

# So many problems and changes are shown; all are counted.
SHOWN_PROBLEMS = 1000
SHOWN_CHANGES = 200


@dataclass(frozen=True, slots=True)
class Change:
    """A saved rating that the file would change: what, was, and would be. Totals, items by code, and the date."""

    row: Row
    before: dict[str, object]
    after: dict[str, object]


@dataclass(slots=True)
class Plan:
    """With `problem_count` nothing of the file is imported. `people`: participants to enrol. `not_assessed`: ratings
    in which the file says of an item that it was not assessed."""

    new: int = 0
    changed: int = 0
    same: int = 0
    missing: int = 0
    people: int = 0
    not_assessed: int = 0
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    _basis: "hashlib._Hash" = field(default_factory=hashlib.sha256, repr=False)

    @property
    def rows(self) -> int:
        return self.new + self.changed + self.same + self.missing

    @property
    def basis(self) -> str:
        """The same for two readings of the same rows against the same saved ratings, and enrolling the same."""
        return f"{self._basis.hexdigest()} {self.people}"

    def refuse(self, problem: Problem) -> None:
        self.problem_count += 1
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(problem)

    def note(self, row: Row, saved: Saved) -> None:
        """`row` is part of what the plan was made of, with what is `saved` in its place."""
        mark = (row.line, row.participant, row.period, row.visit, row.instrument, row.on, row.total, row.items,
                row.missing, saved.rating, saved.version)  # fmt: skip
        self._basis.update(repr(mark).encode())
