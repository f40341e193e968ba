"""Records of a form as rows of a file: what its columns are called, over all versions of the form.

An item's column is called by its code. Beside it, where there are any, stand `<item>_unit` and `<item>_standard` (its unit,
and the number in the standard one) and `<item>_missing` (why it has no value). A name that is taken has a `_` more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assessments.domain.form import Form, Item

# What stands before the items: where a row belongs, and how it stands.
HEAD = (
    *("participant", "site", "period", "visit", "repeat_key"),
    *("status", "status_reason", "performed_on", "form_version"),
)
# Between several codes in one cell; no code holds it.
SEPARATOR = "; "


@dataclass(frozen=True, slots=True)
class ItemColumns:
    """Names of an item's columns; empty for one that it does not have."""

    value: str
    unit: str = ""
    standard: str = ""
    missing: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.value, self.unit, self.standard, self.missing)))


def item_columns(versions: Sequence[Form]) -> Mapping[str, ItemColumns]:
    """Item → columns: items of the latest version in its order, then those that only earlier ones have."""
    items: dict[str, list[tuple[Form, Item]]] = {}
    for form in reversed(versions):
        for item in form.items:
            if item.has_value:
                items.setdefault(item.code, []).append((form, item))
    taken = set(HEAD)
    values = {code: free(code, taken) for code in items}
    columns = {}
    for code, value in values.items():
        measured = any(item.type == "decimal" and item.units for _form, item in items[code])
        reasons = any(form.reasons(item) for form, item in items[code])
        columns[code] = ItemColumns(
            value,
            free(f"{value}_unit", taken) if measured else "",
            free(f"{value}_standard", taken) if measured else "",
            free(f"{value}_missing", taken) if reasons else "",
        )
    return columns


def free(name: str, taken: set[str]) -> str:
    """`name`, or the next that is not `taken` yet; it is then."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
