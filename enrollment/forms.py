"""Forms of enrolment. They check what was typed; the services decide."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.domain.protocol import Criterion
from enrollment.models import FailedTreatment, Participant
from trialsite.accounts.fields import DayField, WholeNumberField
from trialsite.accounts.models import Site

ANSWERS = [("yes", _("Yes")), ("no", _("No")), ("", _("Not known yet"))]
AS_VALUE = {"yes": True, "no": False, "": None}


class AskingForm(forms.Form):
    """A form whose service may ask back about what is improbable: the question stands by a box to tick."""

    sure = forms.BooleanField(label=_("Yes, this is right"), required=False, widget=forms.HiddenInput)

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


class PersonFields(forms.Form):
    consented_on = DayField(label=_("Consent date"))
    age = WholeNumberField(label=_("Age in years"), min_value=0, max_value=120)
    sex = forms.ChoiceField(label=_("Sex"), choices=[("", _("Choose")), *Participant.Sex.choices])


class NewParticipantForm(PersonFields):
    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.none(), empty_label=None)
    field_order = ["site", "consented_on", "age", "sex"]

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]


class ScreeningForm(PersonFields):
    """The screening form: the person, and the protocol's checklist."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason for the change"),
        required=False,
        max_length=500,
        help_text=_("Needed when you change a value that was saved before."),
    )

    def __init__(self, *args: Any, criteria: tuple[Criterion, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.checklist = [c for c in criteria if c.kind == "confirm" and c.fact != "consent"]
        for criterion in self.checklist:
            self.fields[f"check_{criterion.fact}"] = forms.ChoiceField(
                label=criterion.text, choices=ANSWERS, required=False, widget=forms.RadioSelect
            )
        self.order_fields(
            ["consented_on", "age", "sex", *(f"check_{c.fact}" for c in self.checklist), "reason"]
        )

    def typed(self, data: Mapping[str, Any]) -> dict[str, str]:
        """What a draft keeps of `data`: this form's own fields, each of bounded length."""
        return {name: str(data[name])[:500] for name in self.fields if name in data}

    def answers(self) -> dict[str, bool | None]:
        return {c.fact: AS_VALUE[self.cleaned_data[f"check_{c.fact}"]] for c in self.checklist}


class TreatmentForm(AskingForm, forms.ModelForm):  # type: ignore[type-arg]
    weeks = WholeNumberField(label=_("Weeks"), required=False, min_value=0, max_value=1000)

    class Meta:
        model = FailedTreatment
        fields = ["kind", "name", "dose", "weeks", "outcome"]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        error_messages={"required": _("Say why; the audit trail keeps it.")},
    )


class RescreenForm(PersonFields, ReasonForm):
    """The person again, and why they are screened again."""


class ConfirmEligibilityForm(forms.Form):
    """The investigator's decision and signature. Eligible is no choice while a criterion is unknown or not met."""

    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)
    eligible = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("yes", _("Eligible")), ("no", _("Not eligible: a screen failure"))],
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you decide.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=1000,
        help_text=_("Needed when you decide “not eligible”. Criteria that are not met are added to it."),
    )
    password = forms.CharField(
        label=_("Your password, again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Give your password; each signature asks for it anew.")},
    )

    def __init__(self, *args: Any, may_be_eligible: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_be_eligible:
            self.fields["eligible"].choices = [("no", _("Not eligible: a screen failure"))]  # type: ignore[attr-defined]


class PlanForm(forms.Form):
    planned_on = DayField(label=_("Planned date"))
    reason = forms.CharField(
        label=_("Reason for the change"),
        required=False,
        max_length=500,
        help_text=_("Needed when a date was planned before."),
    )
    override_reason = forms.CharField(
        label=_("Reason for a day before the washout minimum"),
        required=False,
        max_length=500,
        help_text=_("Investigators only, and only for a day before the earliest one."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, needs_reason: bool, may_override: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]
        if not may_override:
            del self.fields["override_reason"]


class DosingForm(forms.Form):
    dosed_on = DayField(label=_("Given on"))
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("Needed to correct a recorded date, or for a day outside the washout rule."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class UnblindForm(ReasonForm):
    password = forms.CharField(
        label=_("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    code = forms.CharField(
        label=_("Code of your second factor"),
        max_length=40,
        help_text=_("The six digits your app shows now, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )
    field_order = ["reason", "password", "code"]

    def __init__(self, *args: Any, asks_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_code:
            del self.fields["code"]


class CalendarFilter(forms.Form):
    month = forms.RegexField(r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$", required=False)

    def first_day(self, today: date) -> date:
        """The first day of the chosen month, or of `today`'s when none or nonsense was asked for."""
        chosen = self.cleaned_data.get("month") if self.is_valid() else ""
        return date.fromisoformat(f"{chosen}-01") if chosen else today.replace(day=1)
