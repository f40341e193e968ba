"""Forms of what people say about a record."""

from typing import Any

from django import forms
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from enrollment.models import Visit
from trialsite.accounts.models import Site
from trialsite.review.models import Lock, Query, Signature, UnlockRequest, Verification

SAY = {"required": _("Write what you have to say; it becomes part of the record.")}
MEANINGS = [
    (meaning, meaning)
    for meaning in (
        _("I have reviewed these data; they are complete and correct."),
        _("I have reviewed these data and take responsibility for them as investigator."),
    )
]


class QueryForm(forms.Form):
    """A question about one field of one form, or about the whole form."""

    form = forms.CharField(max_length=20, widget=forms.HiddenInput)
    field = forms.CharField(max_length=60, required=False)
    text = forms.CharField(max_length=1000, error_messages=SAY)
    blocks_signature = forms.BooleanField(required=False)


class TurnForm(forms.Form):
    text = forms.CharField(label=_("Your words"), max_length=1000, error_messages=SAY)


class SeriesForm(forms.Form):
    """What several signatures mean, and the password that makes them."""

    meaning = forms.ChoiceField(label=_("What your signature means"), choices=MEANINGS)
    password = forms.CharField(
        label=_("Your password, again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Give your password; each signature asks for it anew.")},
    )


class SignForm(SeriesForm):
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)


class DecideForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=500, error_messages={"required": _("Say why you decide so.")}
    )


class QueryFilter(forms.Form):
    """Everything stands in the address, so that a list can be linked to."""

    STATES = [("", _("Not closed")), ("all", _("All")), *Query.Status.choices]
    q = forms.CharField(label=_("Participant"), required=False, max_length=20)
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("All sites")
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    source = forms.ChoiceField(
        label=_("Asked by"),
        required=False,
        choices=[("", _("Anybody")), ("people", _("People")), ("checks", _("Edit checks"))],
    )
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("raised_at", _("Oldest first")),
            ("-raised_at", _("Newest first")),
            ("code", _("Participant")),
        ],
    )

    def __init__(self, data: Any, *, sites: QuerySet[Site]) -> None:
        super().__init__(data)
        _style(self, sites)

    def apply(self, queries: QuerySet[Query]) -> QuerySet[Query]:
        """Nonsense in one field leaves that field out, not the list empty."""
        self.is_valid()
        asked = self.cleaned_data
        if code := asked.get("q"):
            queries = queries.filter(participant__code__icontains=code)
        if site := asked.get("site"):
            queries = queries.filter(participant__site=site)
        if (state := asked.get("state")) and state != "all":
            queries = queries.filter(status=state)
        elif not state:
            queries = queries.exclude(status=Query.Status.CLOSED)
        if source := asked.get("source"):
            queries = queries.filter(check_id="") if source == "people" else queries.exclude(check_id="")
        order = "participant__code" if asked.get("sort") == "code" else asked.get("sort") or "raised_at"
        return queries.order_by(order, "pk")


class ReviewFilter(forms.Form):
    """Visits that took place, by how far their review has come."""

    STATES = [
        ("all", _("All visits done")),
        ("unverified", _("Not verified")),
        ("unsigned", _("Not signed")),
        ("again", _("Needs signing again")),
        ("unlocked", _("Signed, not locked")),
        ("locked", _("Locked")),
        ("queried", _("With open queries")),
    ]
    q = forms.CharField(label=_("Participant"), required=False, max_length=20)
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("All sites")
    )
    state = forms.ChoiceField(label=_("Review"), required=False, choices=STATES)
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("code", _("Participant")),
            ("performed_on", _("Oldest visit first")),
            ("-performed_on", _("Newest visit first")),
        ],
    )

    def __init__(self, data: Any, *, sites: QuerySet[Site], first: str = "all") -> None:
        """`first`: the state that is shown as long as none is chosen."""
        super().__init__(data if "state" in data else {**data.dict(), "state": first})
        _style(self, sites)

    def apply(self, visits: QuerySet[Visit]) -> QuerySet[Visit]:
        self.is_valid()
        asked = self.cleaned_data
        visits = with_standing(visits.exclude(status=Visit.Status.PLANNED))
        if code := asked.get("q"):
            visits = visits.filter(participant__code__icontains=code)
        if site := asked.get("site"):
            visits = visits.filter(participant__site=site)
        wanted = {
            "unverified": Q(verified=False),
            "unsigned": Q(signed=False),
            "again": Q(signed=False, was_signed=True),
            "unlocked": Q(signed=True, locked=False),
            "locked": Q(locked=True),
            "queried": Q(queried=True),
        }.get(asked.get("state") or "")
        if wanted is not None:
            visits = visits.filter(wanted)
        if (sort := asked.get("sort")) and sort != "code":
            return visits.order_by(sort, "pk")
        return visits.order_by("participant__code", F("period__number").asc(nulls_first=True), "day", "pk")


def with_standing(visits: QuerySet[Visit]) -> QuerySet[Visit]:
    """Annotate `signed`, `was_signed`, `verified`, `locked`, `queried`: how far the review of each has come."""
    here = {"visit": OuterRef("pk")}
    in_force = UnlockRequest.objects.in_force()
    locks = Lock.objects.filter(
        Q(visit=OuterRef("pk"))
        | Q(visit=None, participant=OuterRef("participant"))
        | Q(visit=None, participant=None, study=OuterRef("participant__study"))
    ).exclude(pk__in=in_force.values("lock"))
    signatures = Signature.objects.filter(**here)
    return visits.annotate(
        signed=Exists(signatures.filter(voided_at=None)),
        was_signed=Exists(signatures),
        verified=Exists(Verification.objects.filter(voided_at=None, field="", **here)),
        locked=Exists(locks),
        queried=Exists(Query.objects.open().filter(**here)),
    )


def _style(form: forms.Form, sites: QuerySet[Site]) -> None:
    form.fields["site"].queryset = sites  # type: ignore[attr-defined]
    for field in form.fields.values():
        field.widget.attrs["class"] = (
            "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
        )
