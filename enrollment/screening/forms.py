"""Forms of screening. They check what was typed; the services decide."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from enrollment.consents.text import version_text
from enrollment.forms import DayForm, ReasonForm, ReasonWhenAsked
from enrollment.models import ConsentVersion, Participant
from enrollment.protocol.model import Criterion
from trialsite.accounts.fields import DayField, WholeNumberField, WordsField
from trialsite.accounts.models import Site

ANSWERS = [("yes", _("Yes")), ("no", _("No")), ("unknown", _("Not known yet"))]


DECISIONS = [("yes", _("Eligible")), ("no", _("Not eligible: a screen failure"))]
NOT_RECORDED = _("Version not recorded")
AS_VALUE = {"yes": True, "no": False, "unknown": None}


class ParticipantFields(DayForm):
    day = "consented_on"
    consented_on = DayField(label=_("Consent date"))
    age = WholeNumberField(label=_("Age in years"), min_value=0, max_value=120)
    sex = forms.ChoiceField(label=_("Sex"), choices=[("", _("Choose")), *Participant.Sex.choices])
    field_order = ["consented_on", "kept_because", "consent_version", "age", "sex"]

    def __init__(self, *args: Any, versions: Mapping[str, ConsentVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["consent_version"] = forms.TypedChoiceField(
            label=_("Consent version signed"),
            required=False,
            choices=[("", NOT_RECORDED), *((key, version_text(each)) for key, each in versions.items())],
            coerce=versions.__getitem__,
            empty_value=None,
            widget=forms.Select if versions else forms.HiddenInput,
        )


class NewParticipantForm(ParticipantFields):
    def __init__(self, *args: Any, sites: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        no_choice = _("Choose") if sites.count() > 1 else None
        self.fields["site"] = forms.ModelChoiceField(label=_("Site"), queryset=sites, empty_label=no_choice)
        self.order_fields(["site", *self.field_order])


class ScreeningForm(ReasonWhenAsked, ParticipantFields):
    """The screening form: the participant's own data, and the protocol's checklist."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = WordsField(
        label=_("Reason for the change"),
        required=False,
        max_length=500,
        help_text=_("The audit trail records it with the previous value."),
    )

    def __init__(self, *args: Any, criteria: tuple[Criterion, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.checklist = [c for c in criteria if c.kind == "confirm" and c.fact != "consent"]
        for criterion in self.checklist:
            self.fields[f"check_{criterion.fact}"] = forms.ChoiceField(
                label=criterion.text, choices=ANSWERS, required=False, widget=forms.RadioSelect
            )
        self.order_fields(
            [*ParticipantFields.field_order, *(f"check_{c.fact}" for c in self.checklist), "reason"]
        )

    def typed(self, data: Mapping[str, Any]) -> dict[str, str]:
        """What a draft keeps of `data`: this form's own fields, each of bounded length."""
        questions = {"kept_because", "asked_on"}
        return {name: str(data[name])[:500] for name in self.fields if name in data and name not in questions}

    def recorded(self) -> dict[str, Any]:
        """What was typed outside the checklist."""
        names = ("version", "consented_on", "consent_version", "age", "sex", "reason", "kept_because")
        return {name: self.cleaned_data[name] for name in names}

    def answers(self) -> dict[str, bool | None]:
        """Fact → yes, no, or None: not known yet, which is also what no answer means."""
        return {c.fact: AS_VALUE.get(self.cleaned_data[f"check_{c.fact}"]) for c in self.checklist}

    def answered(self) -> int:
        """How many questions of the checklist have yes or no, as the form stands."""
        answers = (self[f"check_{c.fact}"].value() for c in self.checklist)
        return sum(AS_VALUE.get(str(answer)) is not None for answer in answers)


class RescreenForm(ParticipantFields, ReasonForm):
    """The participant's own data again, and why they are screened again."""


class ConfirmEligibilityForm(forms.Form):
    """The investigator's decision and signature. Eligible is no choice while a criterion is unknown or not met."""

    judged_on = forms.CharField(max_length=64, widget=forms.HiddenInput)
    reason = WordsField(
        label=_("Reason"),
        required=False,
        max_length=1000,
        help_text=_("Required for “not eligible”. Unmet criteria are added automatically."),
    )
    password = forms.CharField(
        label=_("Confirm your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Enter your password; it is required for each signature.")},
    )

    def __init__(self, *args: Any, may_be_eligible: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["eligible"] = forms.TypedChoiceField(
            label=_("Decision"),
            choices=DECISIONS if may_be_eligible else DECISIONS[1:],
            coerce=lambda answer: answer == "yes",
            widget=forms.RadioSelect,
            error_messages={"required": _("Select your decision.")},
        )
        self.order_fields(["judged_on", "eligible", "reason", "password"])
