"""A mapping of an import, read from its TOML: which columns of a file are ours. docs/import.md explains the keys."""

from dataclasses import dataclass

from assessments.domain.columns import ColumnMapping
from trialsite.lib.document import toml

EXPECTED = {
    "columns": "a table of texts: their column = our name",
    "values": "a table of texts: our name = a text",
    "ignore": "a list of texts: their columns",
    "dates": "true or false",
    "create_participants": "true or false",
}


@dataclass(frozen=True, slots=True)
class Mapping:
    """`create_participants`: enrol those of the file that are not known."""

    columns: ColumnMapping
    create_participants: bool = False


def parse(text: str) -> Mapping:
    """Read a mapping. Raises toml.TomlError with everything that is wrong, by key."""
    document = toml.loads(text)
    wrong = [f"{key}: an unknown key; there are {', '.join(EXPECTED)}" for key in document.keys() - EXPECTED]
    wrong += [
        f"{key}: expected {EXPECTED[key]}"
        for key, value in document.items()
        if key in EXPECTED and not _fits(key, value)
    ]
    if wrong:
        raise toml.TomlError("; ".join(sorted(wrong)))
    create = document.pop("create_participants", False)
    return Mapping(ColumnMapping(**{**document, "ignore": tuple(document.get("ignore", ()))}), create)


def _fits(key: str, value: object) -> bool:
    if key in ("columns", "values"):
        return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    if key == "ignore":
        return isinstance(value, list) and all(isinstance(text, str) for text in value)
    return isinstance(value, bool)
