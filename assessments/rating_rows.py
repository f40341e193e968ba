"""The rows of a rating form: what is asked once is one row, with its values, its gap and its error."""

from collections.abc import Mapping
from dataclasses import dataclass

from assessments.domain.instrument import Instrument, Item


@dataclass(frozen=True, slots=True)
class Choice:
    value: int
    anchor: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One way to rate the row. `detail` tells it from its alternative ("by history")."""

    code: str
    number: str
    name: str
    detail: str
    choices: tuple[Choice, ...]
    chosen: bool

    @property
    def said(self) -> str:
        """The anchor of the checked value, empty when none is."""
        return next((choice.anchor for choice in self.choices if choice.checked), "")


@dataclass(frozen=True, slots=True)
class Row:
    """`key`: code of the first option; the row's reason for being missing is kept under it."""

    key: str
    number: str
    name: str
    options: tuple[Option, ...]
    missing: str
    error: str

    @property
    def said(self) -> str:
        return next((option.said for option in self.options if option.said), "")

    @property
    def rated(self) -> bool:
        return any(choice.checked for option in self.options for choice in option.choices)

    @property
    def done(self) -> bool:
        """Rated, or accounted for by a reason."""
        return self.rated or bool(self.missing)


def rows(
    instrument: Instrument,
    values: Mapping[str, object],
    missing: Mapping[str, str],
    errors: Mapping[str, object],
) -> list[Row]:
    """One row per thing rated. `values` and `missing` by item code, values as numbers or digits, None or
    absent when not rated; `errors` by item code or field name (`item_…`), each a text or a list of texts."""
    return [_row(group, values, missing, errors) for group in instrument.groups]


def _row(
    group: tuple[Item, ...],
    values: Mapping[str, object],
    missing: Mapping[str, str],
    errors: Mapping[str, object],
) -> Row:
    rated = next((item.code for item in group if values.get(item.code) not in (None, "")), group[0].code)
    # Alternatives are named alike up to the comma: "Loss of weight, by history".
    stem = group[0].name.partition(", ")[0] if len(group) > 1 else group[0].name
    options = tuple(
        Option(
            code=item.code,
            number=item.number,
            name=item.name,
            detail=item.name.removeprefix(stem).lstrip(", "),
            choices=tuple(
                Choice(value, anchor, str(values.get(item.code)) == str(value))
                for value, anchor in item.choices
            ),
            chosen=item.code == rated,
        )
        for item in group
    )
    return Row(
        key=group[0].code,
        number=group[0].alternative or group[0].number,
        name=stem,
        options=options,
        missing=next((why for item in group if (why := missing.get(item.code))), ""),
        error=next((text for item in group if (text := _error(item.code, errors))), ""),
    )


def _error(code: str, errors: Mapping[str, object]) -> str:
    found = errors.get(code) or errors.get(f"item_{code}") or errors.get(f"missing_{code}") or ""
    return " ".join(map(str, found)) if isinstance(found, list) else str(found)
