"""A list as a file: what a page's filters leave, for a spreadsheet. Who took it is recorded first."""

from collections.abc import Iterable, Sequence

from django.http import StreamingHttpResponse

from trialsite.accounts import services
from trialsite.accounts.http import Request
from trialsite.accounts.models import Study
from trialsite.lib import spreadsheet


def list_file(
    request: Request,
    study: Study,
    name: str,
    action: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> StreamingHttpResponse:
    """`rows` as STUDY-name.csv. `action` is the one that shows the list."""
    services.record_list(study, by=request.user, action=action, name=name, filters=request.GET.urlencode())
    response = StreamingHttpResponse(spreadsheet.lines(header, rows), "text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.code}-{name}.csv"'
    return response
