"""The audit trail of a study's participants: browse, filter, download."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from enrollment.forms import DateField
from enrollment.selectors import participants_for, study_for
from trialsite.accounts.http import Request
from trialsite.audit.models import Event
from trialsite.audit.trail import Change, changes, of_participants


class AuditFilter(forms.Form):
    participant = forms.CharField(label=_("Participant"), required=False, max_length=20)
    who = forms.CharField(label=_("Person"), required=False, max_length=64)
    since = DateField(label=_("From"), required=False)
    until = DateField(label=_("Until"), required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


@require_GET
def audit(request: Request, study: str) -> HttpResponse | StreamingHttpResponse:
    chosen = study_for(request.user, study, "audit.view")
    asked = AuditFilter(request.GET)
    people = participants_for(request.user, chosen, "audit.view")
    if asked.is_valid() and asked.cleaned_data["participant"]:
        people = people.filter(code__icontains=asked.cleaned_data["participant"])
    codes = dict(people.values_list("pk", "code"))
    events = _filtered(of_participants(codes), asked)
    if request.GET.get("format") == "csv":
        response = StreamingHttpResponse(_csv(events, codes), "text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{study}-audit.csv"'
        return response
    page = Paginator(events, 50).get_page(request.GET.get("page"))
    rows = [(codes[int(change.chain.partition(":")[2])], change) for change in changes(page.object_list)]
    return render(request, "enrollment/audit.html", {"filter": asked, "page": page, "rows": rows})


def _filtered(events: QuerySet[Event], asked: AuditFilter) -> QuerySet[Event]:
    data = asked.cleaned_data if asked.is_valid() else {}
    if data.get("who"):
        events = events.filter(actor_name__icontains=data["who"])
    if data.get("since"):
        events = events.filter(at__date__gte=data["since"])
    if data.get("until"):
        events = events.filter(at__date__lte=data["until"])
    return events


def _csv(events: QuerySet[Event], codes: dict[int, str]) -> Iterator[str]:
    """A header and a line for each changed field, with the entry's place in its chain."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    writer.writerow(
        [
            "participant",
            "chain",
            "entry",
            "at",
            "who",
            "role",
            "form",
            "record",
            "field",
            "old",
            "new",
            "reason",
        ]
    )
    for change in changes(events.iterator(chunk_size=1000)):
        writer.writerow(_cells(change, codes))
        if line.tell() > 1 << 15:
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()


def _cells(change: Change, codes: dict[int, str]) -> list[object]:
    code = codes[int(change.chain.partition(":")[2])]
    return [
        code, change.chain, change.n, change.at.isoformat(), change.who, change.role, change.form,
        change.record, change.field, change.old, change.new, change.reason,
    ]  # fmt: skip
