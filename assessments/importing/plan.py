"""What a file would do to a study: counts, problems, and a fingerprint of the state for which that holds."""

import hashlib
from dataclasses import dataclass, field
from datetime import date

from assessments.domain.longform import ImportProblem, ImportRow
from assessments.importing.saved import SavedRating

# So many problems and changes are shown; all are counted.
SHOWN_PROBLEMS = 1000
SHOWN_CHANGES = 200


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A saved rating that the file would change: what, was, and would be. Totals, items by code, and the date."""

    row: ImportRow
    before: dict[str, object]
    after: dict[str, object]

    def as_json(self) -> dict[str, object]:
        """Where, and [name, before, after] of each difference; a value that is not there is None."""
        row = self.row
        return {
            "line": row.line,
            "participant": row.participant,
            "period": row.period,
            "visit": row.visit,
            "instrument": row.instrument,
            "differences": [
                [name, _plain(self.before[name]), _plain(self.after[name])] for name in self.before
            ],
        }


@dataclass(slots=True)
class ImportPlan:
    """With `problem_count` nothing of the file is imported. `people`: participants to enrol. `not_assessed`: ratings
    in which the file says of an item that it was not assessed."""

    new: int = 0
    changed: int = 0
    same: int = 0
    missing: int = 0
    people: int = 0
    not_assessed: int = 0
    problem_count: int = 0
    problems: list[ImportProblem] = field(default_factory=list)
    changes: list[PlannedChange] = field(default_factory=list)
    _basis: "hashlib._Hash" = field(default_factory=hashlib.sha256, repr=False)

    @property
    def rows(self) -> int:
        return self.new + self.changed + self.same + self.missing

    @property
    def counts(self) -> dict[str, int]:
        """By name; `problems` counts those as well that are not listed."""
        names = ("rows", "new", "changed", "same", "missing", "people", "not_assessed")
        return {**{name: getattr(self, name) for name in names}, "problems": self.problem_count}

    @property
    def basis(self) -> str:
        """The same for two readings of the same rows against the same saved ratings, and enrolling the same."""
        return f"{self._basis.hexdigest()} {self.people}"

    def refuse(self, problem: ImportProblem) -> None:
        self.problem_count += 1
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(problem)

    def note(self, row: ImportRow, saved: SavedRating) -> None:
        """`row` is part of what the plan was made of, with what is `saved` in its place."""
        mark = (
            row.line,
            row.participant,
            row.period,
            row.visit,
            row.instrument,
            row.on,
            row.total,
            row.items,
            row.missing,
            saved.assessment,
            saved.version,
        )
        self._basis.update(repr(mark).encode())


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
