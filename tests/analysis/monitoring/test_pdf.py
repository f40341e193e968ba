"""The printed report: made by the unblinded worker, the same bytes from the same cut, text that can be read."""

import hashlib

import psycopg2
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from analysis.monitoring import closed
from analysis.monitoring.charts import patterns, slopes, waterfall
from analysis.monitoring.figures import CompleterPair
from analysis.monitoring.pdf import ReportCover, pdf
from analysis.monitoring.sections import ReportSection
from analysis.monitoring.services.frozen import print_reports
from analysis.monitoring.services.looks import decide, record_events
from analysis.monitoring.tables import FigureTable
from tests.analysis.conftest import Work, as_closed
from tests.conftest import confirmed_session
from tests.printed import text_of
from trialsite.accounts.models import Study, User
from trialsite.stack import testing

ADDRESS = ["KETNAL", 1]


@pytest.fixture
def trial(demo: str) -> Study:
    return Study.objects.get(code="KETNAL")


@pytest.fixture
def statistician(trial: Study) -> Client:
    client = Client()
    person = User.objects.get(username="statistician")
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_report_can_be_downloaded_and_read(statistician: Client, trial: Study) -> None:
    """One file with the figures, the hash of the cut on it, and no word of a decision that was not taken."""
    answer = statistician.get(reverse("look_pdf", args=ADDRESS))
    assert answer["Content-Type"] == "application/pdf"
    text = text_of(answer.content)
    assert "Of 12 completers 7 responded only with Ketamine + placebo" in text
    assert "z = 2.4176" in text
    assert trial.looks.get().cut_sha256 in text
    assert "Not decided when this was printed" in text


def test_the_download_is_logged(statistician: Client, trial: Study) -> None:
    statistician.get(reverse("look_pdf", args=ADDRESS))
    rows = closed.views(statistician.session.session_key or "", trial)
    assert "download report of look 1" in {row.action for row in rows}


def test_the_decision_is_printed_once_it_is_signed(statistician: Client, trial: Study, workers: Work) -> None:
    """The worker prints again; the first print stays as it was."""
    first = statistician.get(reverse("look_pdf", args=ADDRESS)).content
    assert "Not assessed yet. Enter at the look" in text_of(first)
    record_events(
        trial.looks.get(),
        by=User.objects.get(username="statistician"),
        events=1,
        source="Safety report 1",
        session_key=statistician.session.session_key or "",
    )
    person = User.objects.get(username="statistician")
    decide(
        trial.looks.get(),
        by=person,
        recommendation="efficacy",
        decision="stop",
        reason="The effect is gone.",
        session_key=confirmed_session(person),
    )
    workers()
    text = text_of(statistician.get(reverse("look_pdf", args=ADDRESS)).content)
    assert "Decision: stop." in text
    assert "The effect is gone." in text
    assert "1 of 14 treated with a serious adverse event" in text
    assert "The trial ended at look 1: the committee decided to stop." in text
    with as_closed(), connection.cursor() as cursor:
        cursor.execute("select content from closed.print where not decided")
        assert bytes(cursor.fetchone()[0]) == first


def test_printing_again_gives_the_same_bytes(trial: Study) -> None:
    """Printed anew from the same cut, a moment later, it is the same file."""
    with as_closed(), connection.cursor() as cursor:
        cursor.execute("select content from closed.print")
        before = bytes(cursor.fetchone()[0])
    with psycopg2.connect(testing.url("setup", trial_database())) as owner, owner.cursor() as cursor:
        cursor.execute("alter table closed.print disable trigger user")
        cursor.execute("delete from closed.print")
    with as_closed():
        print_reports([trial.pk])
    with as_closed(), connection.cursor() as cursor:
        cursor.execute("select content from closed.print")
        assert bytes(cursor.fetchone()[0]) == before


def trial_database() -> str:
    return str(connection.settings_dict["NAME"])


def chart_of() -> list[CompleterPair]:
    return [
        CompleterPair("01-001", {"A": 20, "B": 20}, {"A": -12, "B": -3}, {"A": True, "B": False}),
        CompleterPair("01-002", {"A": 24, "B": 22}, {"A": -6, "B": 1}, {"A": False, "B": False}),
    ]


def test_every_kind_of_chart_and_table_prints() -> None:
    """Twice the same bytes, whatever is on the page."""
    arms = [("A", "Drug"), ("B", "Placebo")]
    charts = (
        slopes(chart_of(), arms, visit="Day 1", score="HAMD17"),
        waterfall(chart_of(), arms, visit="Day 1", score="HAMD17", response_percent=50),
        patterns([("only A", 1), ("neither", 1)], 2),
    )
    table = FigureTable("Caption", ("What", "n"), (("a & b < c", "1"),), "Note")
    section = ReportSection("s", "Section", ("A sentence with −1.5 ≥ ½.",), (table,), charts)
    front = ReportCover("STUDY", 1, "0" * 64)
    one, two = pdf(front, [section]), pdf(front, [section])
    assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()
    assert "a & b < c" in text_of(one)


def test_charts_of_nobody_draw_nothing() -> None:
    """No completer yet: the frame stands, no line and no bar."""
    arms = [("A", "Drug"), ("B", "Placebo")]
    assert slopes([], arms, visit="Day 1", score="X").lines == ()
    assert waterfall([], arms, visit="Day 1", score="X", response_percent=50).boxes == ()
    assert patterns([("only A", 0)], 0).rows == (("only A", "0 / 0"),)
