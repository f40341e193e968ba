"""The audit trail of a study: browse, filter, take away, and record that it was reviewed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus, urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Max, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from enrollment.selectors import participants_for, study_for
from trialsite.accounts.fields import DayField
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import POLICY, may, roles_for
from trialsite.audit.models import AuditReview, Event
from trialsite.audit.services import record_review, record_taking
from trialsite.audit.trail import Change, changes, named, of_participants, of_study
from trialsite.lib.spreadsheet import pieces

COLUMNS = (
    "participant", "chain", "entry", "at", "who", "role", "form", "record", "field", "old", "new", "reason",
)  # fmt: skip
KINDS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


class AuditFilter(forms.Form):
    # "study": the study itself and its people, instead of its participants.
    about = forms.ChoiceField(required=False, choices=[("", ""), ("study", "")], widget=forms.HiddenInput)
    participant = forms.CharField(label=gettext_lazy("Participant"), required=False, max_length=20)
    who = forms.CharField(label=gettext_lazy("Person"), required=False, max_length=40)
    field = forms.CharField(label=gettext_lazy("Form or field"), required=False, max_length=40)
    kind = forms.ChoiceField(
        label=gettext_lazy("Entries"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("I", gettext_lazy("First values")),
            ("U", gettext_lazy("Changes")),
        ],
    )
    since = DayField(label=gettext_lazy("From"), required=False)
    until = DayField(label=gettext_lazy("Until"), required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name == "kind" else "form-control"


class ReviewForm(forms.Form):
    """`shown`: when the latest entry on the page was written. What came later was not reviewed."""

    shown = forms.DateTimeField(widget=forms.HiddenInput)
    finding = forms.CharField(
        label=gettext_lazy("Finding"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Empty: nothing to follow up."),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked to see. `codes`: chain → participant's code, of the study's own chain none; `filters`: as
    in the address, without the page; `whole`: whether they see the whole study's trail."""

    study: Study
    form: AuditFilter
    codes: dict[str, str]
    events: QuerySet[Event]
    filters: str
    whole: bool

    def code_of(self, chain: str) -> str:
        return self.codes.get(chain, "")


def _asked(request: Request, code: str) -> Asked:
    study = study_for(request.user, code, "audit.view")
    form = AuditFilter(request.GET)
    form.full_clean()
    given = form.cleaned_data
    whole = bool(roles_for(request.user, study, everywhere=True) & POLICY["audit.view"])
    if given.get("about") and not whole:
        raise PermissionDenied
    people = participants_for(request.user, study, "audit.view")
    if given.get("participant"):
        people = people.filter(code__icontains=given["participant"])
    codes = dict(people.values_list("pk", "code"))
    found = of_study(study) if given.get("about") else of_participants(codes)
    # A filter that cannot be understood filters nothing away unseen: the form says so, and nothing is shown.
    events = _filtered(found, given) if not form.errors else Event.objects.none()
    filters = urlencode({name: request.GET[name] for name in form.fields if request.GET.get(name)})
    return Asked(
        study, form, {f"participant:{pk}": code for pk, code in codes.items()}, events, filters, whole
    )


def _filtered(events: QuerySet[Event], given: dict[str, Any]) -> QuerySet[Event]:
    if given["who"]:
        events = events.filter(actor_name__icontains=given["who"])
    if given["field"]:
        name = given["field"]
        events = events.filter(
            Q(table_name__icontains=name) | Q(new__has_key=name) | Q(new__items__has_key=name.upper())
        )
    if given["kind"]:
        events = events.filter(op=given["kind"])
    if given["since"]:
        events = events.filter(at__date__gte=given["since"])
    if given["until"]:
        events = events.filter(at__date__lte=given["until"])
    return events


@require_GET
def audit(request: Request, study: str) -> HttpResponse:
    asked = _asked(request, study)
    page = Paginator(asked.events, 50).get_page(request.GET.get("page"))
    rows = [(asked.code_of(change.chain), change) for change in named(changes(page.object_list))]
    latest = asked.events.aggregate(at=Max("at"))["at"]
    context = {
        "filter": asked.form,
        "filters": asked.filters,
        "whole": asked.whole,
        "page": page,
        "rows": rows,
        "reviews": _reviews(request.user, asked.study, whole=asked.whole),
        "review": None,
    }
    if latest and may(request.user, "audit.review", asked.study):
        context["review"] = ReviewForm(initial={"shown": latest.isoformat()})
    return render(request, "enrollment/audit.html", context)


def _reviews(user: User, study: Study, *, whole: bool) -> QuerySet[AuditReview]:
    """All for who sees every site's trail, else one's own: filters and findings name participants."""
    reviews = AuditReview.objects.filter(study=study).select_related("reviewed_by")
    return reviews if whole else reviews.filter(reviewed_by=user)


@require_POST
def audit_review(request: Request, study: str) -> HttpResponse:
    asked = _asked(request, study)
    form = ReviewForm(request.POST)
    page = f"{reverse('audit', args=[study])}?{asked.filters}"
    if asked.form.errors or not form.is_valid():
        messages.error(
            request, _("Not recorded: correct the filters, and write a finding of at most 5000 letters.")
        )
        return redirect(page)
    seen = asked.events.filter(at__lte=form.cleaned_data["shown"])
    entries = seen.count()
    record_review(
        asked.study,
        by=request.user,
        filters=asked.filters,
        entries=entries,
        until=seen.aggregate(at=Max("at"))["at"],
        finding=form.cleaned_data["finding"],
    )
    said = ngettext("Review of %(n)d entry recorded.", "Review of %(n)d entries recorded.", entries)
    messages.success(request, said % {"n": entries})
    return redirect(page)


@require_POST
def audit_file(request: Request, study: str) -> HttpResponseBase:
    """The entries as CSV for reading, or as JSON lines for checking (docs/audit.md)."""
    asked = _asked(request, study)
    kind = request.POST.get("kind", "csv")
    if asked.form.errors or kind not in KINDS:
        return redirect(f"{reverse('audit', args=[study])}?{asked.filters}")
    record_taking(asked.study, by=request.user, kind=kind, filters=unquote_plus(asked.filters))
    lines = _csv(asked) if kind == "csv" else _json_lines(asked)
    response = StreamingHttpResponse(lines, KINDS[kind])
    response["Content-Disposition"] = f'attachment; filename="{study}-audit.{kind}"'
    return response


def _csv(asked: Asked) -> Iterator[str]:
    """A header and a line for each changed field, with the entry's place in its chain."""
    found = changes(asked.events.iterator(chunk_size=1000))
    return pieces(COLUMNS, (_cells(change, asked.code_of(change.chain)) for change in found))


def _cells(change: Change, code: str) -> list[object]:
    return [
        code, change.chain, change.n, change.at.isoformat(), change.who, change.role, change.form,
        change.record, change.field, change.old, change.new, change.reason,
    ]  # fmt: skip


def _json_lines(asked: Asked) -> Iterator[str]:
    """An object a line: whose chain, number, hash before, hash, and the text that the hash is over."""
    found = asked.events.annotate(
        content=RawSQL("audit.event_content(event)", []),
        before=RawSQL("encode(prev, 'hex')", []),
        digest=RawSQL("encode(hash, 'hex')", []),
    ).values_list("chain", "n", "before", "digest", "content")
    for chain, n, before, digest, content in found.iterator(chunk_size=1000):
        line = {
            "participant": asked.code_of(chain),
            "chain": chain,
            "n": n,
            "prev": before,
            "hash": digest,
            "content": content,
        }
        # In ASCII: a line separator of Unicode inside a name ends no line.
        yield json.dumps(line) + "\n"
