"""One assessment on its ways: what a field, a draft and a record say of it is the same."""

import re
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.entry import AssessmentEntry, content_of, entry_problems
from assessments.domain.instrument import load
from assessments.models import Assessment
from assessments.rating.codec import AssessmentText, content_in, put, text_from, text_of
from assessments.rating.forms import RatingForm
from tests.conftest import items
from tests.rooms import ROOT
from trialsite.lib.days import day_text

HAMD = load("HAMD17")
REASONS = [code for code, _label in HAMD.missing_reasons]
DAY = date(2026, 3, 9)
lines = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), max_size=30)
texts = st.builds(
    AssessmentText,
    items=st.dictionaries(st.sampled_from(list(HAMD.by_code)), st.sampled_from(["0", "1", "4", "9", "x"])),
    missing=st.dictionaries(st.sampled_from(list(HAMD.by_code)), st.sampled_from(REASONS)),
    rater=lines,
    performed_on=st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(day_text),
    lookback_days=st.sampled_from(["", "7", "many"]),
    reason=lines,
)


@given(texts)
def test_a_draft_gives_back_what_was_typed(text: AssessmentText) -> None:
    """Also what cannot be read: it is shown again, and nothing of it is lost or added."""
    assert text_from(text.by_field(), HAMD) == text


def test_fields_of_nothing_and_of_others_are_not_kept() -> None:
    sent = {"item_HAMD101": "3 ", "missing_HAMD102": "", "item_CADSS01": "1", "other": "x", "version": "2"}
    text = text_from(sent, HAMD)
    assert text == AssessmentText(items={"HAMD101": "3"}, missing={})
    assert text.by_field() == {"item_HAMD101": "3"}


@pytest.mark.parametrize("not_done_reason", ["", "rater was ill"])
def test_an_entry_a_record_and_its_form_say_the_same(not_done_reason: str) -> None:
    """Saved, opened and sent again unchanged, a record's content is what it was; 0 stays 0, missing stays missing."""
    entry = AssessmentEntry(
        items=items(20) | {"HAMD104": None, "HAMD101": 0},
        missing={"HAMD104": "refused"},
        rater="Rita Rater",
        performed_on=DAY,
        performed_time=time(14, 30),
        lookback_days=0,
        not_done_reason=not_done_reason,
    )
    record = Assessment()
    put(content_of(HAMD, entry), record)
    form = RatingForm(text_of(record).by_field(), instrument=HAMD)
    assert form.is_valid()
    assert content_of(HAMD, form.entry()) == content_in(record)
    assert ("HAMD101" in record.items, "HAMD104" in record.missing) == (not not_done_reason,) * 2


def test_an_unreadable_item_is_an_error_by_its_code() -> None:
    """The prefix of a field is the codec's alone."""
    form = RatingForm({"item_HAMD101": "2.5", "item_HAMD102": "3"}, instrument=HAMD)
    assert not form.is_valid()
    assert set(form.errors) == {"HAMD101"}
    assert form.entry().items == {"HAMD102": 3}


def test_each_field_has_one_problem_and_a_rating_not_done_none() -> None:
    entry = AssessmentEntry(items=items(20) | {"HAMD101": 9, "HAMD104": None}, performed_on=DAY)
    before = {"today": DAY, "consented_on": DAY + timedelta(days=1)}
    names = [problem.name for problem in entry_problems(HAMD, entry, **before)]
    assert sorted(names) == ["HAMD101", "HAMD104", "performed_on", "rater"]
    ill = AssessmentEntry(items={}, not_done_reason="rater was ill")
    assert not list(entry_problems(HAMD, ill, **before))


def test_only_the_codec_knows_what_a_field_is_called() -> None:
    """The prefixes are put on and taken off in one module: of ratings, and of forms."""
    files = [*(ROOT / "assessments").rglob("*.py"), *(ROOT / "templates/assessments").rglob("*.html")]
    pattern = re.compile(r"""["'#]?\b(item|missing)_[{"']""")
    knowing = {path.name for path in files if pattern.search(path.read_text(encoding="utf-8"))}
    assert knowing == {"codec.py", "records.py"}
