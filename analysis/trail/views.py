"""The audit trail of a study: browse, filter, take away, and record that it was reviewed."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from django import forms
from django.contrib import messages
from django.db.models import Max, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from analysis.trail.rows import rows_of
from analysis.trail.selection import AuditSelection, chain_for, selection_of
from analysis.trail.withheld import BATCH, batches, withheld_in, withholding
from trialsite.accounts.fields import WordsField
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import may
from trialsite.audit.activities import MOST, Cursor
from trialsite.audit.models import AuditReview, Event
from trialsite.audit.services import record_review, record_taking
from trialsite.audit.trail import changes
from trialsite.lib.spreadsheet import pieces

COLUMNS = (
    *("participant", "chain", "entry", "at", "who", "role", "form", "record", "field", "old"),
    *("new", "reason"),
)
KINDS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
REVIEWS = 20


class ReviewForm(forms.Form):
    """`shown`: when the latest entry on the first page was written. What came later was not reviewed."""

    shown = forms.DateTimeField(widget=forms.HiddenInput)
    finding = WordsField(
        label=gettext_lazy("Finding"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Empty: nothing to follow up."),
    )


@require_GET
def audit(request: Request, study: str) -> HttpResponse:
    selection = selection_of(request, study)
    before = Cursor.read(request.GET.get("before", ""), selection.source)
    page = selection.page(before)
    newest = Cursor.read(request.GET.get("shown", ""), selection.source) if before else None
    if page.activities and not before:
        newest = Cursor.of(page.activities[0].last)
    context = {
        "filter": selection.form,
        "filters": selection.form.query,
        "whole": selection.whole,
        "page": page,
        "first_page": before is None,
        "rows": rows_of(page.activities),
        "shown": newest,
        "reviews": _reviews(request.user, selection.study, whole=selection.whole),
        "review": None,
    }
    if newest and may(request.user, "audit.review", selection.study):
        context["review"] = ReviewForm(initial={"shown": newest.at.isoformat()})
    return render(request, "analysis/trail/audit.html", context)


@require_GET
def audit_entries(request: Request, study: str, chain: str, first: int, last: int) -> HttpResponse:
    """The raw entries of one activity: number, content, hash, and the hash before."""
    entries, code = chain_for(request.user, study, chain)
    stored = list(raw(entries.filter(n__gte=first, n__lte=min(last, first + MOST)).order_by("n")))
    if not stored:
        raise Http404
    context = {"entries": stored, "chain": chain, "code": code}
    return render(request, "analysis/trail/entries.html", context)


def _reviews(user: User, study: Study, *, whole: bool) -> QuerySet[AuditReview]:
    """The latest; all people's for who sees every site's trail, else one's own: filters and findings name
    participants."""
    reviews = AuditReview.objects.filter(study=study).select_related("reviewed_by")
    return (reviews if whole else reviews.filter(reviewed_by=user))[:REVIEWS]


@require_POST
def audit_review(request: Request, study: str) -> HttpResponse:
    selection = selection_of(request, study)
    form = ReviewForm(request.POST)
    page = f"{reverse('audit', args=[study])}?{selection.form.query}"
    if selection.form.errors or not form.is_valid():
        messages.error(
            request, _("Not recorded: correct the filters, and enter a finding of at most 5000 characters.")
        )
        return redirect(page)
    seen = selection.entries.filter(at__lte=form.cleaned_data["shown"])
    entries = seen.count()
    record_review(
        selection.study,
        by=request.user,
        filters=selection.form.query,
        entries=entries,
        until=seen.aggregate(at=Max("at"))["at"],
        finding=form.cleaned_data["finding"],
    )
    message = ngettext("Review of %(n)d entry recorded.", "Review of %(n)d entries recorded.", entries)
    messages.success(request, message % {"n": entries})
    return redirect(page)


@require_POST
def audit_file(request: Request, study: str) -> HttpResponseBase:
    """The entries as CSV for reading, or as JSON lines for checking (docs/audit.md)."""
    selection = selection_of(request, study)
    kind = request.POST.get("kind", "csv")
    if selection.form.errors or kind not in KINDS:
        return redirect(f"{reverse('audit', args=[study])}?{selection.form.query}")
    record_taking(selection.study, by=request.user, kind=kind, filters=unquote_plus(selection.form.query))
    lines = _csv(selection) if kind == "csv" else _json_lines(selection)
    response = StreamingHttpResponse(lines, KINDS[kind])
    response["Content-Disposition"] = f'attachment; filename="{study}-audit.{kind}"'
    return response


def _csv(selection: AuditSelection) -> Iterator[str]:
    """A header and a line for each changed field, with the entry's place in its chain."""
    codes = selection.codes()
    rows = (
        [
            codes.get(c.chain, ""),
            c.chain,
            c.n,
            c.at.isoformat(),
            c.who,
            c.role,
            c.form,
            c.record,
            c.field,
            c.old,
            c.new,
            c.reason,
        ]
        for c in changes(withholding(selection.entries.iterator(chunk_size=1000)))
    )
    return pieces(COLUMNS, rows)


def _json_lines(selection: AuditSelection) -> Iterator[str]:
    """An object a line. In ASCII: a line separator of Unicode inside a name ends no line."""
    codes = selection.codes()
    for line in raw(selection.entries):
        yield json.dumps({"participant": codes.get(line["chain"], ""), **line}) + "\n"


def raw(entries: QuerySet[Event]) -> Iterator[dict[str, Any]]:
    """Chain, number, hash before, hash, and the text that the hash is over; None where it is withheld."""
    sealed: Any = entries.annotate(
        content=RawSQL("audit.event_content(event)", []),
        before=RawSQL("encode(prev, 'hex')", []),
        digest=RawSQL("encode(hash, 'hex')", []),
    )
    for batch in batches(sealed.iterator(chunk_size=BATCH)):
        withheld = withheld_in(batch)
        for entry in batch:
            hidden = withheld.values_of(entry) or withheld.reason_of(entry)
            content = None if hidden else entry.content  # type: ignore[attr-defined]
            digests = {"prev": entry.before, "hash": entry.digest}  # type: ignore[attr-defined]
            yield {"chain": entry.chain, "n": entry.n, **digests, "content": content}
