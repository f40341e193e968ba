"""What was guessed that the treatment was, as the closed report stores it: counts by arm, nobody's guess. Unblinded."""

from dataclasses import dataclass

from analysis.domain.intervals import Interval


@dataclass(frozen=True, slots=True)
class ArmGuesses:
    """Of one arm: who guessed it, the other, neither; who gave no answer; Bang's index, None where nobody was asked."""

    arm: str
    right: int
    wrong: int
    unknown: int
    without_answer: int
    bang: Interval | None

    @property
    def asked(self) -> int:
        return self.right + self.wrong + self.unknown + self.without_answer


@dataclass(frozen=True, slots=True)
class GuessFigures:
    """What was guessed on a form in one period; James' index of both arms, None where it is not defined."""

    form: str
    title: str
    period: int
    arms: tuple[ArmGuesses, ...]
    james: Interval | None
