"""Form fields that people type into: what is typed in any clear way is understood, and errors are said in our words."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trialsite.lib.days import NotADayError, day_text, read
from trialsite.lib.visible import is_visible


class DayInput(forms.TextInput):
    """A text: the browser's own date field shows days in the browser's order, which nobody sees."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"placeholder": "9 Mar 2026", "autocomplete": "off", "spellcheck": "false", **(attrs or {})}
        )

    def format_value(self, value: Any) -> str | None:
        return day_text(value) if isinstance(value, date) else super().format_value(value)


class DayField(forms.Field):
    """A day, typed in any order that can mean one day only: 9 Mar 2026, March 9 2026, 2026-03-09, 31/12/2026."""

    widget = DayInput
    default_error_messages = {"required": gettext_lazy("Enter a date.")}

    def to_python(self, value: Any) -> date | None:
        if value is None or isinstance(value, date):
            return value
        if not str(value).strip():
            return None
        try:
            return read(str(value))
        except NotADayError as error:
            raise ValidationError(why_not(error), code="invalid") from error

    def prepare_value(self, value: Any) -> Any:
        """Also what was typed is shown as it was understood."""
        return typed_day(value) if value else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(typed_day(initial), typed_day(data)))


def why_not(error: NotADayError) -> str:
    if error.days:
        return _("This could mean %(days)s. Write the month as a word, for example %(day)s.") % {
            "days": _(" or ").join(map(day_text, error.days)),
            "day": day_text(error.days[0]),
        }
    return _("This is not a date. Enter it with a four-digit year, for example 9 Mar 2026 or 2026-03-09.")


def typed_day(text: Any) -> str:
    """`text` as days are shown where it names one, else as it was typed."""
    if isinstance(text, date):
        return day_text(text)
    try:
        return day_text(read(str(text or "")))
    except NotADayError:
        return str(text or "")


class WordsField(forms.CharField):
    """A text that says something: a reason, an answer, a name. Not one of zero-width spaces and their like alone."""

    default_error_messages = {
        "unseen": gettext_lazy("This contains only invisible characters. Enter it in words.")
    }

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text and not is_visible(text):
            raise ValidationError(self.error_messages["unseen"], code="unseen")
        return text


class WholeNumberField(forms.IntegerField):
    """An integer between two bounds."""

    default_error_messages = {"invalid": gettext_lazy("Enter a whole number, in digits.")}

    def __init__(self, *, min_value: int, max_value: int, **kwargs: Any) -> None:
        message = gettext_lazy("Enter a number from %(low)d to %(high)d.") % {
            "low": min_value,
            "high": max_value,
        }
        kwargs["error_messages"] = {
            "min_value": message,
            "max_value": message,
            **kwargs.get("error_messages", {}),
        }
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)
