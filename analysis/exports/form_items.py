"""An item of a form as columns of an export, whatever the versions of the form make of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from analysis.exports.columns import Column, ItemFacts, Kind
from assessments.domain.form import Form, Item, decimal
from assessments.domain.form_table import ItemColumns

# A kept value as text, of any type: what a column needs whose versions have several types.
ANY = (
    "case jsonb_typeof({v}) when 'object' then {v} ->> 'value'"
    " when 'boolean' then case when {v} = 'true' then 'Y' else 'N' end"
    " when 'array' then"
    " (select string_agg(c, '; ' order by n) from jsonb_array_elements_text({v}) with ordinality as l(c, n))"
    " else {v} #>> '{{}}' end"
)
TEXT = "{v} #>> '{{}}'"
# What an item is → how the reading scripts take its column, and the column.
SHAPES: dict[str, tuple[Kind, str]] = {
    "integer": ("integer", "({v} #>> '{{}}')::bigint"),
    "vas": ("integer", "({v} #>> '{{}}')::bigint"),
    "decimal": ("number", "({v} ->> 'value')::numeric"),
    "number": ("number", "({v} #>> '{{}}')::numeric"),
    "text": ("text", TEXT),
    "long_text": ("text", TEXT),
    "choice": ("text", TEXT),
    "choices": ("codes", ANY),
    "yes_no": ("text", ANY),
    "date": ("date", TEXT),
    "partial_date": ("text", TEXT),
    "time": ("time", TEXT),
    "datetime": ("local_moment", TEXT),
    # Versions of several types.
    "numbers": ("number", f"({ANY})::numeric"),
    "mixed": ("text", ANY),
}
NUMBERS = {"integer", "vas", "decimal", "number"}
FORMATS = {
    "choices": "codes with “; ” between, in the order of the list",
    "date": "ISO 8601",
    "partial_date": "ISO 8601: 2026-03-09; 2026-03, the day unknown; 2026, the month too",
    "time": "ISO 8601, site-local",
    "datetime": "ISO 8601, site-local with its UTC offset",
}


@dataclass(frozen=True)
class ItemOverVersions:
    """The item `code` of a form. Labels are those of the latest version that has it, answers those of all."""

    code: str
    versions: Sequence[Form]
    names: ItemColumns

    def columns(self, reasons: Mapping[str, str]) -> Iterator[Column]:
        """The value, its unit and the standard one, the reason. `reasons`: code → label."""
        yield self._value()
        if self.names.unit:
            yield from self._measured()
        if self.names.missing:
            yield self._missing(reasons)

    @cached_property
    def _ways(self) -> list[tuple[Form, Item]]:
        """Each version that keeps a value of it, with what it says of it."""
        versions = [(form, form.by_code.get(self.code)) for form in self.versions]
        return [(form, item) for form, item in versions if item is not None and item.has_value]

    @property
    def _latest(self) -> Item:
        return self._ways[-1][1]

    @cached_property
    def _label(self) -> str:
        return self._latest.label.text()

    @property
    def _shape(self) -> str:
        shapes = {item.result if item.type == "calculated" else item.type for _form, item in self._ways}
        if len(shapes) > 1:
            return "numbers" if shapes <= NUMBERS else "mixed"
        return shapes.pop()

    @cached_property
    def _units(self) -> dict[str, str]:
        """Those that a number may be given in, with their labels."""
        quantities = [item for _form, item in self._ways if item.type == "decimal"]
        return {unit.code: unit.text() for item in quantities for unit in item.units}

    @property
    def _kept(self) -> str:
        return f"r.items -> '{self.code}'"

    def _value(self) -> Column:
        """The value itself: codes, ISO 8601, digits as typed."""
        shape = self._shape
        kind, sql = SHAPES[shape]
        answers = [choice for form, item in self._ways for choice in form.choices(item)]
        codes = {} if shape == "mixed" else {choice.code: choice.label.text() for choice in answers}
        concepts = {choice.code: choice.cdisc_code for choice in answers if choice.cdisc_code}
        if self._units:
            values = "in the unit beside it"
        else:
            values = _range(self._latest) if kind in ("integer", "number") else FORMATS.get(shape, "")
        facts = replace(self.facts, concepts=concepts)
        return Column(
            self.names.value,
            sql.format(v=f"({self._kept})"),
            self._label,
            values,
            codes=codes,
            kind=kind,
            item=facts,
        )

    def _measured(self) -> Iterator[Column]:
        """Which unit a number was given in, and the number in the standard one."""
        standards = dict.fromkeys(item.units[0].code for _form, item in self._ways if item.units)
        facts = self.facts
        yield Column(
            self.names.unit,
            f"{self._kept} ->> 'unit'",
            f"{self._label}: unit that it was given in",
            codes=self._units,
            item=facts,
        )
        yield Column(
            self.names.standard,
            f"({self._kept} ->> 'standard')::numeric",
            f"{self._label}: in {' or '.join(standards)}, the standard unit",
            _range(self._latest),
            item=facts,
        )

    def _missing(self, labels: Mapping[str, str]) -> Column:
        codes = {code: labels.get(code, code) for code in self._reasons}
        label = f"{self._label}: why it has no value"
        return Column(self.names.missing, f"r.missing ->> '{self.code}'", label, codes=codes, item=self.facts)

    @cached_property
    def _reasons(self) -> list[str]:
        return list(dict.fromkeys(code for form, item in self._ways for code in form.reasons(item)))

    @cached_property
    def facts(self) -> ItemFacts:
        form, item = self._ways[-1]
        return ItemFacts(
            form=form.code,
            versions=", ".join(form.version for form, _item in self._ways),
            type=item.type,
            unit=", ".join(unit.code for unit in item.units),
            missing_reasons=", ".join(self._reasons),
            cdash=item.cdash or "",
            sdtm_domain=form.domain or "",
            sdtm_variable=item.sdtm_variable or "",
            sdtm_test=item.sdtm_test or "",
            cdisc_code=item.cdisc_code or "",
        )


def _range(item: Item) -> str:
    """ "20 to 300; usually to 200", in the standard unit."""
    low, high = (0, 100) if item.type == "vas" else (item.minimum, item.maximum)
    usual = _ends(item.usual_minimum, item.usual_maximum)
    parts = [_ends(low, high), f"usually {usual}" if usual else ""]
    return "; ".join(part for part in parts if part)


def _ends(low: float | None, high: float | None) -> str:
    least, most = ("" if end is None else f"{decimal(end):f}" for end in (low, high))
    if least and most:
        return f"{least} to {most}"
    return f"from {least}" if least else f"to {most}" if most else ""
