"""Fields of forms: days in any clear order, and errors in our words on every form there is."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django import forms

from trialsite.accounts.fields import DayField

ROOMS = ("trialsite.accounts", "trialsite.review", "enrollment", "assessments", "analysis")


class OneDay(forms.Form):
    day = DayField(label="Day", required=False)


@pytest.mark.requirement("ENT-06")
@pytest.mark.parametrize("text", ["2026-03-09", "March 9, 2026", "9mar2026"])
def test_what_was_understood_is_shown(text: str) -> None:
    """In one form, whatever else is wrong with the page."""
    form = OneDay({"day": text})
    assert form.is_valid()
    assert 'value="9 Mar 2026"' in str(form["day"])
    assert 'type="text"' in str(form["day"])


@pytest.mark.requirement("ENT-06")
def test_what_can_mean_two_days_is_asked_and_stays_as_it_was_typed() -> None:
    form = OneDay({"day": "9/3/2026"})
    assert form.errors["day"] == [
        "This could mean 9 Mar 2026 or 3 Sep 2026. Write the month as a word, for example 9 Mar 2026."
    ]
    assert 'value="9/3/2026"' in str(form["day"])


def test_nothing_typed_is_no_day() -> None:
    form = OneDay({"day": " "})
    assert form.is_valid()
    assert form.cleaned_data["day"] is None


@pytest.mark.requirement("ENT-06")
def test_no_form_asks_the_browser_for_a_date() -> None:
    """Its own field shows days in an order that depends on the machine."""
    for form in _forms():
        for name, field in _fields_of(form):
            assert not isinstance(field, forms.DateField | forms.DateTimeField), (form, name)
            assert getattr(field.widget, "input_type", "") not in {"date", "datetime-local"}, (form, name)


def test_bounds_of_numbers_are_told_in_our_words() -> None:
    """Not "Ensure this value is less than or equal to 32767"."""
    for form in _forms():
        for name, field in _fields_of(form):
            if isinstance(field, forms.IntegerField):
                with pytest.raises(forms.ValidationError) as caught:
                    field.clean("999999")
                assert "Ensure this value" not in " ".join(caught.value.messages), (form, name)


def _forms() -> Iterator[type[forms.BaseForm]]:
    for room in ROOMS:
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            if "migrations" in module.name or "management" in module.name:
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if (
                    isinstance(value, type)
                    and issubclass(value, forms.BaseForm)
                    and value.__module__ == module.name
                ):
                    yield value


def _fields_of(form: type[forms.BaseForm]) -> Iterator[tuple[str, forms.Field]]:
    """Those that people see."""
    for name, field in getattr(form, "base_fields", {}).items():
        if not isinstance(field.widget, forms.HiddenInput):
            yield name, field
