"""Lists that people filter: what is asked for stands in the address, so that a list can be linked to, and taken as a
file of the same rows. Who took one is recorded first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _

from trialsite.accounts import services
from trialsite.accounts.http import Request
from trialsite.accounts.models import Site, Study
from trialsite.lib import spreadsheet


def site_field(**options: Any) -> "forms.ModelChoiceField[Site]":
    """One of the sites that are given to the filter, or all of them."""
    return forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("All sites"), **options
    )


class ListFilter(forms.Form):
    """The filters of a list, read from the address (`request.GET`). All are optional. What cannot be understood in one
    filters nothing, and the form says so at that field; the others hold."""

    def __init__(self, data: Mapping[str, Any], *, sites: QuerySet[Site] | None = None) -> None:
        super().__init__(data)
        if sites is not None:
            cast("forms.ModelChoiceField[Site]", self.fields["site"]).queryset = sites
        for field in self.fields.values():
            field.widget.attrs["class"] = _css_class(field)

    @property
    def selected(self) -> dict[str, Any]:
        """Value by field, of what was understood. Nothing of fields in error."""
        self.is_valid()
        return self.cleaned_data

    @property
    def query(self) -> str:
        """As in the address, without what else stands there: the place in the list."""
        return urlencode({name: self.data[name] for name in self.fields if self.data.get(name)})

    @property
    def active(self) -> int:
        """How many filters somebody set: filled in, understood, and not what the list begins with (`initial`). An order
        is none."""
        names = {field.name for field in self.visible_fields()} - {"sort"}
        return sum(
            bool(self.selected.get(name)) and self.selected[name] != self.initial.get(name) for name in names
        )

    @property
    def cleared(self) -> str:
        """`query` of the same list without filters."""
        hidden = {field.name for field in self.hidden_fields()}
        return urlencode({name: self.data[name] for name in hidden if self.data.get(name)})


def _css_class(field: forms.Field) -> str:
    if isinstance(field, forms.BooleanField):
        return "form-check-input"
    return "form-select" if isinstance(field, forms.ChoiceField) else "form-control"


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
