"""Forms of what people say about a record."""

from typing import Any

from django import forms
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from assessments.models import Record
from enrollment.models import Visit
from trialsite.accounts.fields import WholeNumberField, WordsField
from trialsite.accounts.keyset import SortKey, ordered
from trialsite.accounts.lists import ListFilter, site_field
from trialsite.accounts.models import Site
from trialsite.review.models import Lock, Query, Signature, UnlockRequest, Verification

SAY = {"required": _("Enter your message; it becomes part of the record.")}
MEANINGS = [
    (meaning, meaning)
    for meaning in (
        _("I have reviewed these data; they are complete and correct."),
        _("I have reviewed these data and take responsibility for them as investigator."),
    )
]


class QueryForm(forms.Form):
    """A question about one field of one form, or about the whole form; of a form of several rows, in one of them."""

    form = forms.CharField(max_length=20, widget=forms.HiddenInput)
    repeat_key = WholeNumberField(required=False, min_value=1, max_value=32767)
    field = forms.CharField(max_length=60, required=False)
    text = WordsField(max_length=1000, error_messages=SAY)
    blocks_signature = forms.BooleanField(required=False)


class TurnForm(forms.Form):
    text = WordsField(label=_("Your words"), max_length=1000, error_messages=SAY)


class SeriesForm(forms.Form):
    """What several signatures mean, and the password that makes them."""

    meaning = forms.ChoiceField(label=_("Meaning of your signature"), choices=MEANINGS)
    password = forms.CharField(
        label=_("Confirm your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Enter your password; it is required for each signature.")},
    )


class SignForm(SeriesForm):
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)


class DecideForm(forms.Form):
    reason = WordsField(
        label=_("Reason"),
        max_length=500,
        error_messages={"required": _("Give the reason for your decision.")},
    )


class QueryFilter(ListFilter):
    """Queries, by where they were asked and how far they are answered."""

    STATES = [("", _("Not closed")), ("all", _("All")), *Query.Status.choices]
    q = forms.CharField(label=_("Participant"), required=False, max_length=20)
    site = site_field()
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    source = forms.ChoiceField(
        label=_("Requested by"),
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

    def apply(self, queries: QuerySet[Query]) -> QuerySet[Query]:
        selected = self.selected
        if code := selected.get("q"):
            queries = queries.filter(participant__code__icontains=code)
        if site := selected.get("site"):
            queries = queries.filter(participant__site=site)
        if (state := selected.get("state")) and state != "all":
            queries = queries.filter(status=state)
        elif not state:
            queries = queries.exclude(status=Query.Status.CLOSED)
        if source := selected.get("source"):
            queries = queries.filter(check_id="") if source == "people" else queries.exclude(check_id="")
        return ordered(queries, self.keys)

    @property
    def keys(self) -> tuple[SortKey, ...]:
        """What the list is ordered by."""
        sort = self.selected.get("sort") or "raised_at"
        return SortKey.of("participant__code" if sort == "code" else sort), SortKey("pk")


class ReviewFilter(ListFilter):
    """Visits that took place, by how far their review has come."""

    STATES = [
        ("all", _("All visits done")),
        ("unverified", _("Not verified")),
        ("unsigned", _("Not signed")),
        ("again", _("Needs a new signature")),
        ("unlocked", _("Signed, not locked")),
        ("locked", _("Locked")),
        ("queried", _("With open queries")),
    ]
    q = forms.CharField(label=_("Participant"), required=False, max_length=20)
    site = site_field()
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
        super().__init__(data if "state" in data else {**data.dict(), "state": first}, sites=sites)
        self.initial["state"] = first

    def narrow(self, visits: QuerySet[Visit]) -> QuerySet[Visit]:
        """Those that took place or were missed, by everything that is asked but the state of their review."""
        selected = self.selected
        visits = visits.exclude(status=Visit.Status.PLANNED)
        if code := selected.get("q"):
            visits = visits.filter(participant__code__icontains=code)
        if site := selected.get("site"):
            visits = visits.filter(participant__site=site)
        return visits

    def apply(self, visits: QuerySet[Visit]) -> QuerySet[Visit]:
        visits = with_review_status(self.narrow(visits))
        wanted = {
            "unverified": Q(verified=False),
            "unsigned": Q(signed=False),
            "again": Q(signed=False, was_signed=True),
            "unlocked": Q(signed=True, locked=False),
            "locked": Q(locked=True),
            "queried": Q(queried=True),
        }.get(self.selected.get("state") or "")
        if wanted is not None:
            visits = visits.filter(wanted)
        return ordered(visits, self.keys)

    @property
    def keys(self) -> tuple[SortKey, ...]:
        """What the list is ordered by."""
        if (sort := self.selected.get("sort")) and sort != "code":
            return SortKey.of(sort), SortKey("pk")
        return (
            SortKey("participant__code"),
            SortKey("period__number", empty_first=True),
            SortKey("day"),
            SortKey("pk"),
        )


def with_review_status(visits: QuerySet[Visit]) -> QuerySet[Visit]:
    """Annotate `signed`, `was_signed`, `verified`, `locked`, `queried`: how far the review of each has come. Verified is a
    visit with a form that is verified as a whole, unless a record of another form is not."""
    here = {"visit": OuterRef("pk")}
    in_force = UnlockRequest.objects.in_force()
    locks = Lock.objects.filter(
        Q(visit=OuterRef("pk"))
        | Q(visit=None, participant=OuterRef("participant"))
        | Q(visit=None, participant=None, study=OuterRef("participant__study"))
    ).exclude(pk__in=in_force.values("lock"))
    signatures = Signature.objects.filter(**here)
    whole = Verification.objects.filter(voided_at=None, field="", **here)
    unverified = Record.objects.in_force().filter(~Exists(_verifications()), **here)
    return visits.annotate(
        signed=Exists(signatures.filter(voided_at=None)),
        was_signed=Exists(signatures),
        verified=Exists(whole) & ~Exists(unverified),
        locked=Exists(locks),
        queried=Exists(Query.objects.open().filter(**here)),
    )


def with_record_counts(visits: QuerySet[Visit]) -> QuerySet[Visit]:
    """Annotate `rows`, `rows_verified`: of forms at each visit, in force, and how many of them are verified."""
    records = Record.objects.in_force().filter(visit=OuterRef("pk"))
    return visits.annotate(
        rows=_count(records), rows_verified=_count(records.filter(Exists(_verifications())))
    )


def _verifications() -> QuerySet[Verification]:
    """Of a record as a whole."""
    same_row = Coalesce(OuterRef("repeat_key"), 0)
    return Verification.objects.annotate(row=Coalesce("repeat_key", 0)).filter(
        voided_at=None, field="", visit=OuterRef("visit"), form=OuterRef("form"), row=same_row
    )


def _count(records: QuerySet[Record]) -> Coalesce:
    counted = records.order_by().values("visit").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)
