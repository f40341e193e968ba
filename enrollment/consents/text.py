"""Consent texts as pages say them."""

from django.conf import global_settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.models import ConsentVersion

# Participants speak more languages than the pages of this system have.
LANGUAGES = dict(global_settings.LANGUAGES)


def language_choices() -> list[tuple[str, str]]:
    named = sorted(((code, _(name)) for code, name in LANGUAGES.items()), key=lambda choice: choice[1])
    return [("", _("Choose")), *named]


def version_text(version: ConsentVersion) -> str:
    """ "2.0, German, of 9 Mar 2026"."""
    values = {
        "label": version.label,
        "language": _(LANGUAGES.get(version.language, version.language)),
        "day": date_format(version.dated_on),
    }
    return _("%(label)s, %(language)s, of %(day)s") % values
