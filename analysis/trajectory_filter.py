"""Whose totals the blinded dashboard draws."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.models import Site


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose totals the dashboard draws: those of `site` (its code; empty: all), completers only, the lines of
    `participant` lit, and which page of them."""

    site: str = ""
    completers: bool = False
    participant: str = ""
    page: str | None = None

    @property
    def query(self) -> str:
        """As in the page's address, but for the number of the page."""
        chosen = {
            "site": self.site,
            "completers": "on" if self.completers else "",
            "participant": self.participant,
        }
        return urlencode({name: value for name, value in chosen.items() if value})


EVERYBODY = Selection()


class TrajectoryFilter(forms.Form):
    """Everything stands in the address, so that what is drawn can be linked to."""

    site = forms.ModelChoiceField(
        label=_("Site"),
        queryset=Site.objects.none(),
        required=False,
        empty_label=_("All sites"),
        to_field_name="code",
    )
    participant = forms.CharField(label=_("Bring out participant"), required=False, max_length=20)
    completers = forms.BooleanField(label=_("Completers only"), required=False)

    def __init__(self, data: Any, *, sites: QuerySet[Site]) -> None:
        super().__init__(data)
        self.page = data.get("page")
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        for name, css in {
            "site": "form-select",
            "participant": "form-control",
            "completers": "form-check-input",
        }.items():
            self.fields[name].widget.attrs["class"] = css

    def selection(self) -> Selection:
        """Nonsense in one field leaves that field out."""
        self.is_valid()
        chosen = self.cleaned_data
        site = chosen.get("site")
        return Selection(
            site=site.code if site else "",
            completers=bool(chosen.get("completers")),
            participant=chosen.get("participant", ""),
            page=self.page,
        )
