"""What was saved of an assessment, as far as others hear of it."""

from dataclasses import dataclass
from datetime import date

from assessments.domain.timing import Timing


@dataclass(frozen=True, slots=True)
class AssessmentChange:
    """`participant`, `visit`: ids; `period`: its number, None at screening; `version`: 1 when it is new; `itemised`: whether
    it has values of items; `performed_on`, `dated_before`: its date now and before, None of what was not done, and before
    the first save; `timing…`: how that date stands to window and dose; `left_on`: when the participant withdrew."""

    participant: int
    visit: int
    period: int | None
    instrument: str
    version: int
    done: bool
    itemised: bool
    total: int | None
    performed_on: date | None
    dated_before: date | None
    timing: Timing
    timing_before: Timing
    left_on: date | None

    @property
    def corrected(self) -> bool:
        return self.version > 1

    @property
    def redated(self) -> bool:
        return self.performed_on != self.dated_before

    @property
    def asked_about(self) -> bool:
        """Whether its date gives cause for a question, or gave."""
        return bool(self.timing.firing or self.timing_before.firing) or self.asked_about_withdrawal

    @property
    def asked_about_withdrawal(self) -> bool:
        return self.redated and bool(self.left_on or self.corrected)
