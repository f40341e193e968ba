"""What functions on the database ask of a cursor: Django's and the driver's both are one."""

from typing import Any, Protocol


class DatabaseCursor(Protocol):
    """A row has the types of its query's columns, which no checker knows."""

    def execute(self, query: str, values: Any = ..., /) -> object: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...
