"""What is wrong with a form as a whole stands once on its page."""

import re
from pathlib import Path

from django import forms
from django.template import engines

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


class Empty(forms.Form):
    name = forms.CharField(required=False)


def test_every_form_has_a_summary() -> None:
    """The forms themselves print no error of the whole."""
    for file in TEMPLATES.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        drawn = len(re.findall(r"\{\{ \w+\|crispy \}\}", text))
        assert text.count("_components/error_summary.html") >= drawn, file


def test_an_error_of_the_whole_form_is_told_once() -> None:
    form = Empty({"name": "x"})
    form.add_error(None, "Nothing fits together.")
    page = engines["django"].from_string(
        '{% load crispy_forms_tags %}{% include "_components/error_summary.html" %}{{ form|crispy }}'
    )
    assert page.render({"form": form}).count("Nothing fits together.") == 1
