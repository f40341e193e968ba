"""What forms of a trial share: a reason where one is needed, and a question about what is improbable."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.fields import DayField, WordsField


class ReasonWhenAsked(forms.Form):
    """A form whose `asked_for` texts stand on the page once they are needed: the service asks by an error at them."""

    asked_for: ClassVar[tuple[str, ...]] = ("reason",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What was typed stays on the page, also when another field or a draft brings it back.
        typed = self.data if self.is_bound else self.initial
        for name in self.asked_for:
            if name in self.fields and not typed.get(name):
                self.fields[name].widget = forms.HiddenInput()

    def add_error(self, field: str | None, error: Any) -> None:
        super().add_error(field, error)
        if field in self.asked_for:
            self.fields[field].widget = forms.TextInput({"maxlength": 500})


class AskingForm(forms.Form):
    """A form whose service may ask back about what is improbable: the question stands by a box to tick."""

    sure = forms.BooleanField(label=_("Yes, the date is correct"), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A "yes" that was given is seen, also when another field brings the form back.
        if self.is_bound and self.data.get("sure"):
            self._show_question()

    def add_error(self, field: str | None, error: Any) -> None:
        super().add_error(field, error)
        if field == "sure":
            self._show_question()

    def _show_question(self) -> None:
        self.fields["sure"].widget = forms.CheckboxInput()


class DayForm(forms.Form):
    """A form whose service may ask whether its `day` is right: the question stands by a field for the answer, which holds
    for the very day that was asked about."""

    day: ClassVar[str]
    kept_because = WordsField(
        label=_("Keep, because"), required=False, max_length=500, widget=forms.HiddenInput
    )
    asked_on = DayField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # An answer that was given is seen, also when another field brings the form back.
        if self.is_bound and self.data.get("kept_because"):
            self._show_question()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.pop("asked_on", None) != data.get(self.day):
            data["kept_because"] = ""
        return data

    def add_error(self, field: str | None, error: Any) -> None:
        super().add_error(field, error)
        if field == "kept_because":
            self.data = {**self.data, "asked_on": self.data[self.day]}
            self._show_question()

    def _show_question(self) -> None:
        self.fields["kept_because"].widget = forms.TextInput({"autofocus": True, "maxlength": 500})


class ReasonForm(forms.Form):
    reason = WordsField(
        label=_("Reason"),
        max_length=500,
        error_messages={"required": _("Give the reason; it is kept in the audit trail.")},
    )
