"""What every filtered list has in common: read from the address, forgiving, remembered, counted."""

from collections.abc import Callable

import pytest
from django import forms
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from trialsite.accounts.lists import ListFilter, site_field
from trialsite.accounts.models import Site, Study, User

pytestmark = pytest.mark.django_db


class Filter(ListFilter):
    about = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(required=False, max_length=5)
    site = site_field()
    late = forms.BooleanField(required=False)
    sort = forms.ChoiceField(required=False, choices=[("code", "Code")])


def read(address: str, study: Study) -> Filter:
    return Filter(QueryDict(address), sites=study.sites.all())


def test_what_was_understood_is_selected(study: Study, site: Site) -> None:
    filters = read(f"q=01&site={site.pk}&late=on&nonsense=1", study)
    assert filters.selected == {"about": "", "q": "01", "site": site, "late": True, "sort": ""}


@pytest.mark.parametrize("nonsense", ["site=999999", "site=x", "q=much too long"])
def test_nonsense_in_one_field_leaves_that_field_out_and_is_said_there(nonsense: str, study: Study) -> None:
    filters = read(f"late=on&{nonsense}", study)
    assert filters.selected["late"]
    name = nonsense.partition("=")[0]
    assert not filters.selected.get(name)
    assert list(filters.errors) == [name]


def test_the_place_in_the_list_is_no_filter(study: Study) -> None:
    filters = read("q=01&late=&after=17&about=study", study)
    assert (filters.query, filters.cleared) == ("about=study&q=01", "about=study")


@pytest.mark.parametrize(
    ("address", "active"),
    [("", 0), ("q=01&late=on", 2), ("sort=code", 0), ("about=study", 0), ("q=much too long", 0)],
)
def test_filters_that_were_set_are_counted(address: str, active: int, study: Study) -> None:
    assert read(address, study).active == active


def test_what_a_list_begins_with_is_not_counted(study: Study) -> None:
    filters = read("q=01", study)
    filters.initial["q"] = "01"
    assert filters.active == 0


def test_each_field_is_drawn_as_what_it_is(study: Study) -> None:
    classes = {name: field.widget.attrs["class"] for name, field in read("", study).fields.items()}
    assert (classes["q"], classes["site"], classes["late"]) == (
        "form-control",
        "form-select",
        "form-check-input",
    )


def test_the_page_offers_to_clear_them(
    study: Study, as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    client, page = as_user(make_user("admin")), reverse("people", args=[study.code])
    assert "Clear" not in client.get(page).content.decode()
    answer = client.get(page, {"q": "The", "role": "admin"}).content.decode()
    assert f'href="{page}?"' in answer
    assert "Clear 2 filters" in answer
