"""Two things a change of the world may answer, besides that it happened."""

from typing import Any


class Conflict(Exception):
    """Somebody saved the record first. `current` is what is saved now; nothing was changed."""

    def __init__(self, current: Any) -> None:
        super().__init__("the record was changed by somebody else")
        self.current = current
