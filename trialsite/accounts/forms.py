"""Forms about people."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.fields import DayField
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
        self.fields["site"].queryset = study.sites.all()  # type: ignore[attr-defined]


class GrantForm(RoleForm):
    starts_on = DayField(
        label=_("First day"),
        required=False,
        help_text=_("Days are days in UTC. Empty: from now on."),
    )
    ends_on = DayField(
        label=_("Last day"),
        required=False,
        help_text=_("Empty: until it is ended."),
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
    printed_name = forms.CharField(
        label=_("Printed name"), max_length=200, help_text=_("As it stands in signatures.")
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
        label=_("The same again"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", _("The two passwords differ. Type them again."))
        return data


class WhyForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        error_messages={"required": _("Say why; the audit trail keeps it.")},
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
        label=_("Code of your second factor"),
        max_length=40,
        help_text=_("The six digits your app shows now, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class NewPasswordForm(PasswordForm):
    current = forms.CharField(
        label=_("Your password until now"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["current", "password", "again"]


class SecondFactorForm(ConfirmForm):
    new_code = forms.CharField(
        label=_("Code the new app shows"),
        max_length=10,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, replaces: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not replaces:
            del self.fields["code"]


class PeopleFilter(forms.Form):
    """Roles of a study. Everything stands in the address, so that a list can be linked to."""

    STATES = [("", _("All")), ("now", _("Held now")), ("later", _("Not yet begun")), ("ended", _("Ended"))]
    SORTS = {
        "name": (_("Person"), ["user__printed_name", "role"]),
        "role": (_("Role"), ["role", "user__printed_name"]),
        "site": (_("Site"), ["site__code", "user__printed_name"]),
        "-starts": (_("Newest first"), ["-starts_at"]),
    }
    q = forms.CharField(label=_("Name or username"), required=False, max_length=100)
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("All roles")), *Role.choices])
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("All sites")
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    sort = forms.ChoiceField(
        label=_("Order"), required=False, choices=[(key, label) for key, (label, _by) in SORTS.items()]
    )

    def __init__(self, data: Any, *, study: Study) -> None:
        super().__init__(data)
        self.fields["site"].queryset = study.sites.all()  # type: ignore[attr-defined]
        for field in self.fields.values():
            kind = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = kind

    def apply(self, memberships: QuerySet[Membership]) -> QuerySet[Membership]:
        """Nonsense in one field leaves that field out, not the list empty."""
        self.is_valid()
        asked, now = self.cleaned_data, timezone.now()
        if text := asked.get("q"):
            memberships = memberships.filter(
                Q(user__printed_name__icontains=text) | Q(user__username__icontains=text)
            )
        if role := asked.get("role"):
            memberships = memberships.filter(role=role)
        if site := asked.get("site"):
            memberships = memberships.filter(site=site)
        states = {
            "now": Q(starts_at__lte=now) & (Q(ends_at=None) | Q(ends_at__gt=now)),
            "later": Q(starts_at__gt=now),
            "ended": Q(ends_at__lte=now),
        }
        memberships = memberships.filter(states.get(asked.get("state") or "", Q()))
        _label, order = self.SORTS[asked.get("sort") or "name"]
        return memberships.select_related("user", "site", "granted_by").order_by(*order, "pk")
