"""What a value of a document may be, and how a message says it; used as `Annotated[int, Bounds(...)]`."""

import math
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """A number from `minimum` to `maximum`, both allowed. `unit` is what it counts, in the plural."""

    minimum: float
    maximum: float
    unit: str = ""

    def allow(self, value: float) -> bool:
        """False for a number outside the bounds, and for one that is none (nan, infinity)."""
        return self.minimum <= value <= self.maximum

    def expected(self, kind: type) -> str:
        """What is expected: "a whole number of days, 0 to 3650"."""
        noun = "a whole number" if kind is int else "a number"
        unit = f" of {self.unit}" if self.unit else ""
        if not math.isfinite(self.maximum - self.minimum):
            return noun + unit
        return f"{noun}{unit}, {self.minimum:.10g} to {self.maximum:.10g}"


@dataclass(frozen=True, slots=True)
class TextLimit:
    """A text of 1 to `longest` characters that is neither blank nor holds control characters.

    `longest` is what the database column takes, if it is kept in one.
    `pattern` restricts the characters, `called` names the text.
    """

    longest: int
    pattern: str = ""
    called: str = "a text"

    def allow(self, value: str) -> bool:
        plain = all(character.isprintable() or character == "\n" for character in value)
        fits = bool(value.strip()) and len(value) <= self.longest and plain
        return fits and (not self.pattern or re.fullmatch(self.pattern, value) is not None)

    def expected(self) -> str:
        """What is expected: "a text in quotation marks, at most 200 characters"."""
        return f"{self.called} in quotation marks, at most {self.longest} characters"


CODE = r"[A-Za-z0-9][A-Za-z0-9_-]*"
