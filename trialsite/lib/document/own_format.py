"""Values of a document with a format of their own, which neither a limit nor a table says."""

from abc import ABC, abstractmethod
from typing import Any, Self


class OwnFormat(ABC):
    """A type whose values a document may write in more than one way: a text, or a table of texts by language."""

    @classmethod
    @abstractmethod
    def read(cls, value: object) -> Self | None:
        """From what the document says; None where it is none."""

    @staticmethod
    @abstractmethod
    def expected() -> str:
        """What the document must say, in words."""

    @staticmethod
    @abstractmethod
    def json_schema() -> dict[str, Any]:
        """What the document must say, for an editor."""


def has_own_format(kind: Any) -> bool:
    """Whether the annotation, without `| None`, is such a type."""
    return isinstance(kind, type) and issubclass(kind, OwnFormat)
