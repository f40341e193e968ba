"""The rows of a rating form: what is asked once is one row, with its values, its gap and its error."""

from collections.abc import Mapping
from dataclasses import dataclass

from assessments.domain.instrument import Instrument, InstrumentItem
from assessments.rating.codec import AssessmentText, item_field, missing_field


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    anchor: str
    checked: bool


@dataclass(frozen=True, slots=True)
class RatingOption:
    """One way to rate the row. `detail` tells it from its alternative ("by history"); `field` takes its value."""

    code: str
    field: str
    number: str
    name: str
    detail: str
    choices: tuple[Choice, ...]
    selected: bool

    @property
    def anchor(self) -> str:
        """Of the checked value, empty when none is."""
        return next((choice.anchor for choice in self.choices if choice.checked), "")


@dataclass(frozen=True, slots=True)
class RatingItemRow:
    """`key`: code of the first option; `missing`: the row's reason for being missing, kept under `missing_field`."""

    key: str
    number: str
    name: str
    options: tuple[RatingOption, ...]
    missing: str
    missing_field: str
    error: str

    @property
    def anchor(self) -> str:
        return next((option.anchor for option in self.options if option.anchor), "")

    @property
    def rated(self) -> bool:
        return any(choice.checked for option in self.options for choice in option.choices)


def item_rows(instrument: Instrument, text: AssessmentText, errors: Mapping[str, str]) -> list[RatingItemRow]:
    """One row for each thing that is rated. `errors`: by item code."""
    return [_item_row(group, text, errors) for group in instrument.groups]


def _item_row(
    group: tuple[InstrumentItem, ...], text: AssessmentText, errors: Mapping[str, str]
) -> RatingItemRow:
    selected = next((item.code for item in group if item.code in text.items), group[0].code)
    # Alternatives are named alike up to the comma: "Loss of weight, by history".
    stem = group[0].name.partition(", ")[0] if len(group) > 1 else group[0].name
    options = tuple(
        RatingOption(
            code=item.code,
            field=item_field(item.code),
            number=item.number,
            name=item.name,
            detail=item.name.removeprefix(stem).lstrip(", "),
            choices=tuple(
                Choice(str(value), anchor, text.items.get(item.code) == str(value))
                for value, anchor in item.choices
            ),
            selected=item.code == selected,
        )
        for item in group
    )
    return RatingItemRow(
        key=group[0].code,
        number=group[0].alternative or group[0].number,
        name=stem,
        options=options,
        missing=next((why for item in group if (why := text.missing.get(item.code))), ""),
        missing_field=missing_field(group[0].code),
        error=next((error for item in group if (error := errors.get(item.code))), ""),
    )
