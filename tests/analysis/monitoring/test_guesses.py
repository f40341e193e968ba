"""Guesses of the treatment in the closed report: counted by arm and period against what was given."""

import re
from collections import Counter

import pytest
from django.db import connection

from analysis.monitoring.guesses import guess_figures, guess_sections
from assessments.models import Record
from tests.access.conftest import demo_database
from tests.analysis.conftest import as_closed
from tests.analysis.monitoring.test_closed_pages import at, client_of
from trialsite.accounts.models import Study

__all__ = ["demo_database"]
ARMS = ("PLA", "NAL")


def given(study: Study) -> dict[tuple[int, int], str]:
    """(participant, period) → arm, from the closed schema."""
    with as_closed(), connection.cursor() as cursor:
        cursor.execute(
            "select l.participant_id, k.period, k.arm from closed.slot l join closed.kit k on k.slot_id = l.id"
            " where l.participant_id is not null and l.study_id = %s", [study.pk],
        )  # fmt: skip
        return {(participant, period): arm for participant, period, arm in cursor.fetchall()}


def test_each_guess_is_counted_in_its_arm_and_period(demo_database: str) -> None:
    """Against a count by hand over the records and the allocation."""
    study = Study.objects.get(code="KETNAL")
    arms = given(study)
    expected: Counter[tuple[str, int, str, str]] = Counter()
    for record in Record.objects.filter(form__startswith="GUESS_", participant__study=study).select_related(
        "visit__period"
    ):
        assert record.visit
        assert record.visit.period
        period = record.visit.period.number
        arm, guess = arms[record.participant_id, period], record.items.get("GUESS")
        kind = (
            "right"
            if guess == arm
            else "wrong"
            if guess in ARMS
            else "unknown"
            if guess
            else "without_answer"
        )
        expected[record.form, period, arm, kind] += 1
    with as_closed():
        figures = guess_figures(study, study.protocols.latest().definition)
    counted = Counter(
        {
            (part.form, part.period, arm.arm, kind): getattr(arm, kind)
            for part in figures
            for arm in part.arms
            for kind in ("right", "wrong", "unknown", "without_answer")
        }
    )
    assert sum(expected.values()) > 20
    assert +counted == expected


@pytest.mark.usefixtures("demo_database")
def test_the_closed_page_has_a_table_for_each_form_and_no_participant() -> None:
    page = client_of("statistician").get(at("closed")).content.decode()
    section = page[page.index("Guesses of the treatment") :]
    assert "Treatment guess by the participant" in section
    assert "Treatment guess by the rater" in section
    tables = section[: section.rindex("Treatment guess by the rater") + 6000]
    assert not re.search(r"0[12]-0\d\d", tables)


def test_nothing_is_said_where_nobody_was_asked(demo_database: str) -> None:
    study = Study.objects.get(code="KETNAL")
    assert guess_sections((), {}) == []
    with as_closed():
        assert (
            guess_figures(study, Study.objects.exclude(code="KETNAL").get().protocols.latest().definition)
            == ()
        )
