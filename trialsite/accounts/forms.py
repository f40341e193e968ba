"""Forms about people."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core.validators import RegexValidator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.fields import DayField, WordsField
from trialsite.accounts.lists import ListFilter, site_field
from trialsite.accounts.models import Membership, Role, Site, Study


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        label=_("Role"),
        # Administrators are made at the machine: one who could make another would be two.
        choices=[(role.value, role.label) for role in Role if role != Role.ADMINISTRATOR],
    )
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("All sites of the study")
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Site]", self.fields["site"]).queryset = study.sites.all()


class GrantForm(RoleForm):
    starts_on = DayField(
        label=_("First day"),
        required=False,
        help_text=_("Days are in UTC. Leave empty to start now."),
    )
    ends_on = DayField(
        label=_("Last day"),
        required=False,
        help_text=_("Leave empty for no end date."),
    )

    def clean_starts_on(self) -> date | None:
        day: date | None = self.cleaned_data["starts_on"]
        if day and day < timezone.now().date():
            raise forms.ValidationError(
                _("A role cannot begin in the past. Choose today or later, or leave it empty.")
            )
        return day

    def span(self) -> dict[str, datetime | None]:
        """starts_at: None for now; ends_at: the moment after the last day, None for open."""
        first, last = self.cleaned_data["starts_on"], self.cleaned_data["ends_on"]
        later = first and first > timezone.now().date()
        return {
            "starts_at": datetime.combine(first, time.min, UTC) if later else None,
            "ends_at": datetime.combine(last + timedelta(days=1), time.min, UTC) if last else None,
        }


class PersonForm(RoleForm):
    username = forms.CharField(
        label=_("Username"),
        max_length=64,
        validators=[RegexValidator(r"^[\w.-]+$", _("Letters, digits, dot, dash and underscore only."))],
    )
    printed_name = WordsField(
        label=_("Printed name"), max_length=200, help_text=_("As printed in signatures.")
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    field_order = ["username", "printed_name", "email", "role", "site"]


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters, not a common one."),
    )
    again = forms.CharField(
        label=_("Repeat the password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", _("The passwords do not match. Enter them again."))
        return data


class WhyForm(forms.Form):
    reason = WordsField(
        label=_("Reason"),
        max_length=500,
        error_messages={"required": _("Give the reason; it is kept in the audit trail.")},
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("The six digits your app shows now, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


class ConfirmForm(forms.Form):
    """The person again: password, and the code of whoever has a second factor."""

    current = forms.CharField(
        label=_("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    code = forms.CharField(
        label=_("Second-factor code"),
        max_length=40,
        help_text=_("The six digits your app shows now, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class NewPasswordForm(PasswordForm):
    current = forms.CharField(
        label=_("Your current password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["current", "password", "again"]


class SecondFactorForm(ConfirmForm):
    new_code = forms.CharField(
        label=_("Code from the new app"),
        max_length=10,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, replaces: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not replaces:
            del self.fields["code"]


class PeopleFilter(ListFilter):
    """Roles of a study."""

    STATES = [("", _("All")), ("now", _("Held now")), ("later", _("Not yet begun")), ("ended", _("Ended"))]
    SORTS = {
        "name": (_("User"), ["user__printed_name", "role"]),
        "role": (_("Role"), ["role", "user__printed_name"]),
        "site": (_("Site"), ["site__code", "user__printed_name"]),
        "-starts": (_("Newest first"), ["-starts_at"]),
    }
    q = forms.CharField(label=_("Name or username"), required=False, max_length=100)
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("All roles")), *Role.choices])
    site = site_field()
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    sort = forms.ChoiceField(
        label=_("Order"), required=False, choices=[(key, label) for key, (label, _by) in SORTS.items()]
    )

    def apply(self, memberships: QuerySet[Membership]) -> QuerySet[Membership]:
        selected, now = self.selected, timezone.now()
        if text := selected.get("q"):
            memberships = memberships.filter(
                Q(user__printed_name__icontains=text) | Q(user__username__icontains=text)
            )
        if role := selected.get("role"):
            memberships = memberships.filter(role=role)
        if site := selected.get("site"):
            memberships = memberships.filter(site=site)
        states = {
            "now": Q(starts_at__lte=now) & (Q(ends_at=None) | Q(ends_at__gt=now)),
            "later": Q(starts_at__gt=now),
            "ended": Q(ends_at__lte=now),
        }
        memberships = memberships.filter(states.get(selected.get("state") or "", Q()))
        _label, order = self.SORTS[selected.get("sort") or "name"]
        return memberships.select_related("user", "site", "granted_by").order_by(*order, "pk")
