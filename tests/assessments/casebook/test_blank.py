"""Forms on paper: whatever a file asks has room to be answered, and the conditions stand in words."""

import re
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from assessments.casebook.blank import Sheet, blank_form
from assessments.casebook.conditions import condition_text
from assessments.casebook.instrument_sheet import InstrumentSheet, blank_instrument
from assessments.domain import form_file
from assessments.domain import instrument as instruments
from assessments.domain.form import CodeList, CodeListItem, Form
from assessments.domain.label import Label
from assessments.models import FormVersion
from tests.domain.assessments.forms.documents import never_seen
from tests.printed import text_of
from trialsite.accounts.models import Study, User

SHIPPED = form_file.shipped()
REASONS = {"ND": "Not done", "UNK": "Unknown", "NA": "Not applicable"}
SHA = "0123456789abcdef" * 4


def sheet_of(form: Form, language: str = "en") -> Sheet:
    return Sheet("KETNAL", form, SHA, SHIPPED, REASONS, language)


@pytest.mark.parametrize("code", sorted(SHIPPED))
def test_every_shipped_form_prints(code: str) -> None:
    """Each question, its choices with their digits, and at the foot which file it is of which study."""
    form = SHIPPED[code]
    text = text_of(blank_form(sheet_of(form)))
    assert f"KETNAL, form {code}, version {form.version}, SHA-256 {SHA}" in text
    assert "page 1 of " in text
    # What is calculated is no column of a table of rows.
    for item in (item for item in form.items if item.entered):
        assert first_word(item.label) in text, item.code
        for choice in form.choices(item)[:3]:
            assert first_word(choice.label) in text, choice.code


def first_word(label: Label) -> str:
    """The first of plain letters: a typographic mark stands in another subset of the font."""
    return next((word for word in re.findall(r"\S+", label.text()) if word.isascii()), "")


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_form_never_seen_prints_in_each_of_its_languages(language: str) -> None:
    form = form_file.parse(never_seen())
    text = text_of(blank_form(sheet_of(form, language)))
    for item in form.items:
        assert item.label.text(language).split()[0] in text
    said = "only if YES_NO1 auf Deutsch = Yes" if language == "de" else "only if YES_NO1 = Yes"
    assert said in text


def test_the_same_form_is_the_same_bytes() -> None:
    sheet = sheet_of(SHIPPED["INFUSION"])
    assert blank_form(sheet) == blank_form(sheet)


def test_more_choices_than_a_page_holds_go_on_to_the_next() -> None:
    form = SHIPPED["URINE_SCREEN"]
    long = Label((("", "a very long answer " * 25),))
    many = CodeList("DRUG", tuple(CodeListItem(f"D{n}", long) for n in range(60)))
    crowded = replace(form, code_lists=(form.code_lists[0], many))
    assert "page 9 of" in text_of(blank_form(sheet_of(crowded)))


def test_what_the_font_lacks_is_named_and_what_looks_like_markup_is_text() -> None:
    form = replace(SHIPPED["URINE_SCREEN"], title=Label((("", "<b>Я & co</i>"),)))
    assert "[U+042F] & co < /i >" in text_of(blank_form(sheet_of(form)))


@pytest.mark.parametrize(
    ("form", "source", "words"),
    [
        ("URINE_SCREEN", "DRUGS == 'POSITIVE'", "Other drugs of abuse = Positive"),
        ("URINE_SCREEN", "'OTHER' in POSITIVE_FOR", "Positive for includes Other"),
        ("URINE_SCREEN", "OPIOIDS in ['NEGATIVE', 'POSITIVE']", "Opioids = Negative or Positive"),
        ("URINE_SCREEN", "!has(DEMOGRAPHY.SEX) || DEMOGRAPHY.SEX != 'M'", "Sex has no value or Sex ≠ Male"),
        ("INFUSION", "INTERRUPTED", "Infusion interrupted = Yes"),
        ("INFUSION", "!INTERRUPTED", "Infusion interrupted = No"),
        ("VITALS", "SYSBP >= 140", "Systolic blood pressure ≥ 140 mmHg"),
        ("URINE_SCREEN", "date(TIME) <= today()", ""),
        ("URINE_SCREEN", "BASELINE.VITALS.SYSBP > 3", ""),
        ("URINE_SCREEN", "NO_SUCH.ITEM == 'X'", ""),
    ],
)
def test_a_simple_condition_stands_in_words(form: str, source: str, words: str) -> None:
    assert condition_text(SHIPPED[form], source, SHIPPED, "en") == words


def test_parts_of_another_kind_stand_in_brackets() -> None:
    source = "DRUGS == 'POSITIVE' && (has(OPIOIDS) || OPIOIDS == 'NEGATIVE')"
    words = "Other drugs of abuse = Positive and (Opioids has a value or Opioids = Negative)"
    assert condition_text(SHIPPED["URINE_SCREEN"], source, SHIPPED, "en") == words


def test_instruments_print_with_their_own_wording_and_a_protected_one_by_number() -> None:
    hamd = text_of(blank_instrument(InstrumentSheet("KETNAL", instruments.load("HAMD17"), SHA)))
    assert "Mood is normal" in hamd
    assert "Rate one of 16A or 16B" in hamd or "Rate one of" in hamd
    assert f"instrument HAMD17, version 1, SHA-256 {SHA}" in hamd
    cadss = text_of(blank_instrument(InstrumentSheet("KETNAL", instruments.load("CADSS"), SHA)))
    assert "from the licensed form" in cadss


@pytest.mark.django_db
def test_the_forms_of_a_study_are_listed_for_its_people(
    client: Client, study: Study, coordinator: User
) -> None:
    client.force_login(coordinator, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("forms", args=[study.code])).content.decode()
    vitals = FormVersion.objects.get(study=study, code="VITALS")
    address = reverse("form_blank", args=[study.code, vitals.pk])
    assert "Rows at a visit; Screening, Baseline" in page
    assert address in page
    answer = client.get(address)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="KETNAL-VITALS-1.pdf"'
    assert vitals.sha256 in text_of(answer.content)
    assert reverse("form_preview", args=[study.code]) not in page
    other = Study.objects.exclude(pk=study.pk)[0]
    assert client.get(reverse("form_blank", args=[other.code, vitals.pk])).status_code == 404
