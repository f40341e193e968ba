"""Whether the form of an infusion day has what the page of that day fills in, and says what the protocol says."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from assessments.domain.evaluate import Evaluation, evaluate
from assessments.domain.expression import Reference
from assessments.domain.form import Form, ItemType
from assessments.domain.form_logic import PROTOCOL
from assessments.domain.infusion_day import dose_of
from assessments.domain.values import Quantity, Value
from enrollment.protocol.infusion import InfusionDay
from trialsite.lib.document.problems import Problem

# What the page fills in, by its code.
ITEMS: Mapping[str, ItemType] = {
    "OPIOID": "yes_no",
    "WELL": "yes_no",
    "KIT": "text",
    "CAPSULE_TIME": "datetime",
    "WEIGHT": "decimal",
    "WEIGHT_DATE": "date",
    "DOSE": "calculated",
    "DRAWN": "decimal",
    "CHECKED_BY": "text",
    "CHECKED_TIME": "datetime",
    "GIVEN": "yes_no",
    "WHY_NOT_GIVEN": "text",
    "START": "datetime",
    "CAPSULE_TO_START": "calculated",
    "INTERRUPTED": "yes_no",
    "INTERRUPTIONS": "long_text",
    "INTERRUPTED_FOR": "integer",
    "STOP": "datetime",
    "DURATION": "calculated",
    "WHOLE_DOSE": "yes_no",
    "AMOUNT": "decimal",
    "WHY_NOT_WHOLE": "text",
    "DISCHARGED": "datetime",
}
MEASURED: Mapping[str, ItemType] = {
    "TIME": "datetime",
    "SYSBP": "integer",
    "DIABP": "integer",
    "PULSE": "integer",
}
# Weights that show a rounding, and a maximum.
WEIGHTS = tuple(map(Decimal, ("63.3", "70.5", "82.7", "340")))
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def problems(
    day: InfusionDay, forms: Mapping[str, Form], parameters: Mapping[str, float]
) -> Iterator[Problem]:
    """Mistakes of the forms that the day names; `parameters`: the protocol's."""
    form, measured = forms.get(day.form), forms.get(day.vital_signs)
    if form is None or measured is None:
        return
    mistakes = [*_items(form, "once_at_visit", ITEMS), *_items(measured, "repeating_at_visit", MEASURED)]
    yield from mistakes
    if not mistakes:
        names = {
            Reference(name, PROTOCOL): Decimal(str(number)).normalize() for name, number in parameters.items()
        }
        yield from _dose(day, form, names)
        yield from _tolerances(day, form, names)


def _items(form: Form, placement: str, items: Mapping[str, ItemType]) -> Iterator[Problem]:
    file = f"{form.code.lower()}.toml"
    if form.placement != placement:
        yield Problem(
            f"{file}: placement", f"'{form.placement}'", f"'{placement}': the infusion day fills it in"
        )
    for code, kind in items.items():
        item = form.by_code.get(code)
        if item is None or item.type != kind:
            found = "no such item" if item is None else f"'{item.type}'"
            yield Problem(f"{file}: items.{code}", found, f"'{kind}': the infusion day fills it in")


def _dose(day: InfusionDay, form: Form, names: Mapping[Reference, Decimal]) -> Iterator[Problem]:
    unit = form.by_code["WEIGHT"].units[0].code if form.by_code["WEIGHT"].units else ""
    for weight in WEIGHTS:
        calculated = _evaluated(form, {"WEIGHT": Quantity(weight, unit, weight)}, names).calculated.get(
            "DOSE"
        )
        expected = dose_of(weight, day).dose
        if calculated != expected:
            key = f"{form.code.lower()}.toml: items.DOSE.calculate"
            yield Problem(
                key, f"{calculated} for {weight} kg", f"{expected}, as the protocol's infusion has it"
            )
            return


def _tolerances(day: InfusionDay, form: Form, names: Mapping[Reference, Decimal]) -> Iterator[Problem]:
    """It asks just outside of them and not just inside: what is planned is no question, what departs is one."""
    before, length = day.capsule_minutes, day.infusion_minutes
    for code, planned, tolerance in (
        ("CAPSULE_TO_START", before, day.capsule_tolerance),
        ("DURATION", length, day.infusion_tolerance),
    ):
        for minutes, asked in (
            (planned - tolerance - 1, True), (planned - tolerance, False),
            (planned + tolerance, False), (planned + tolerance + 1, True),
        ):  # fmt: skip
            if minutes < 1:
                continue
            wait, duration = (minutes, length) if code == "CAPSULE_TO_START" else (before, minutes)
            values: dict[str, Value] = {
                "GIVEN": True,
                "CAPSULE_TIME": NOON - timedelta(minutes=wait),
                "START": NOON,
                "STOP": NOON + timedelta(minutes=duration),
            }
            asks = any(finding.item == code for finding in _evaluated(form, values, names).findings)
            if asks != asked:
                key = f"{form.code.lower()}.toml: items.{code}"
                expected = "a question, as the tolerance" if asked else "none, as the tolerance"
                yield Problem(
                    key,
                    f"{'a' if asks else 'no'} question at {minutes} minutes",
                    f"{expected} of the protocol's infusion has it",
                )


def _evaluated(form: Form, values: Mapping[str, Value], names: Mapping[Reference, Decimal]) -> Evaluation:
    return evaluate(form, values, today=NOON.date(), now=NOON, others=names)
