"""`manage.py check_forms` and `manage.py form_schema`."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assessments.domain.form_file import FOLDER, schema

OTHER = """
code = "OTHER"
title = "Other"
version = "1"
placement = "once"

[[items]]
code = "A"
type = "integer"
label = "A"
"""
NAMING = OTHER.replace("OTHER", "NAMING") + 'show_when = "OTHER.A > 1"\n'


def test_a_form_that_makes_sense_is_summed_up_on_a_line() -> None:
    printed = StringIO()
    call_command("check_forms", FOLDER / "vitals.toml", stdout=printed)
    assert (
        "VITALS version 1, repeating at visit: 1 choice, 1 datetime, 2 decimal, 4 integer; 3 checks."
        in printed.getvalue()
    )


def test_forms_that_name_each_other_are_checked_together(tmp_path: Path) -> None:
    other, naming = tmp_path / "other.toml", tmp_path / "naming.toml"
    other.write_text(OTHER, encoding="utf-8")
    naming.write_text(NAMING, encoding="utf-8")
    call_command("check_forms", naming, other, stdout=StringIO())
    with pytest.raises(
        CommandError, match=r"naming\.toml: items.A.show_when: found 'OTHER', expected a form"
    ):
        call_command("check_forms", naming, stdout=StringIO())


def test_every_mistake_of_every_file_is_said(tmp_path: Path) -> None:
    bad, worse = tmp_path / "bad.toml", tmp_path / "worse.toml"
    bad.write_text(OTHER.replace('"once"', '"twice"'), encoding="utf-8")
    worse.write_text("code =", encoding="utf-8")
    with pytest.raises(CommandError) as refusal:
        call_command("check_forms", bad, worse, stdout=StringIO())
    first, second = str(refusal.value).splitlines()
    assert first.startswith(f"{bad}: placement: found 'twice', expected one of ")
    assert second.startswith(f"{worse}: the file: found not TOML")
    with pytest.raises(CommandError, match=r"nowhere\.toml"):
        call_command("check_forms", tmp_path / "nowhere.toml")


def test_the_schema_is_printed() -> None:
    printed = StringIO()
    call_command("form_schema", stdout=printed)
    assert json.loads(printed.getvalue()) == schema()
