"""Whose totals the blinded dashboard draws."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.lists import ListFilter, site_field
from trialsite.accounts.models import Site


@dataclass(frozen=True, slots=True)
class TrajectorySelection:
    """Whose totals the dashboard draws: those of `site` (its code; empty: all), completers only, the lines of
    `participant` lit, and after whom the page of them begins."""

    site: str = ""
    completers: bool = False
    participant: str = ""
    after: str | None = None

    @property
    def query(self) -> str:
        """As in the page's address, but for the page of the list."""
        parameters = {
            "site": self.site,
            "completers": "on" if self.completers else "",
            "participant": self.participant,
        }
        return urlencode({name: value for name, value in parameters.items() if value})

    @property
    def here(self) -> str:
        """As in the page's address."""
        after = urlencode({"after": self.after}) if self.after else ""
        return "&".join(filter(None, [self.query, after]))


EVERYBODY = TrajectorySelection()


class TrajectoryFilter(ListFilter):
    """Whose totals are drawn."""

    site = site_field(to_field_name="code")
    participant = forms.CharField(label=_("Highlight participant"), required=False, max_length=20)
    completers = forms.BooleanField(label=_("Completers only"), required=False)

    def __init__(self, data: QueryDict, *, sites: QuerySet[Site]) -> None:
        super().__init__(data, sites=sites)
        self.after = data.get("after")

    def selection(self) -> TrajectorySelection:
        selected = self.selected
        site = selected.get("site")
        return TrajectorySelection(
            site=site.code if site else "",
            completers=bool(selected.get("completers")),
            participant=selected.get("participant", ""),
            after=self.after,
        )
