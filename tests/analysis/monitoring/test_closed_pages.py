"""The closed pages: who gets in, what the report says, downloads, and the signed decision."""

import hashlib
import json
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.models import Look
from enrollment.models import EnrollmentPause
from tests.access.conftest import demo_database
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Study, User
from trialsite.stack import testing

__all__ = ["demo_database"]
PAGES: list[tuple[str, list[object]]] = [
    ("closed", []),
    ("closed_chart", ["boundary", "csv"]),
    ("look", [1]),
    ("look_decide", [1]),
    ("look_pdf", [1]),
    ("look_cut", [1]),
    ("look_chart", [1, "slopes", "svg"]),
]


@pytest.fixture
def trial(demo: str) -> Study:
    return Study.objects.get(code="KETNAL")


@pytest.fixture
def statistician(trial: Study) -> Client:
    return client_of("statistician")


@pytest.fixture
def reader(demo_database: str) -> Client:
    """The statistician, on a copy of the demo that the tests of this file only look at."""
    return client_of("statistician")


def client_of(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    return client


def at(name: str, *arguments: object) -> str:
    return reverse(name, args=["KETNAL", *arguments])


def words(client: Client, address: str) -> str:
    """The page's text, tags taken out, spaces as one."""
    page = client.get(address)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


OTHERS = ["coordinator", "investigator", "monitor", "datamanager", "pharmacist", "safety", "auditor", "admin"]


@pytest.mark.parametrize("name", OTHERS)
def test_other_roles_are_refused(name: str, demo_database: str) -> None:
    """403 for everybody but the statistician, on every closed page and act."""
    client = client_of(name)
    for page, more in PAGES:
        assert client.get(at(page, *more)).status_code == 403, page
    for address in (at("look_request", 1), at("look_decide", 1), at("resume")):
        assert client.post(address, {"reason": "why"}).status_code == 403, address


def test_strangers_find_nothing(trial: Study, make_user: Callable[..., User]) -> None:
    """404 for somebody without a role in the study."""
    stranger = make_user("statistician")
    with audit_context(User.objects.system(), reason="left"):
        Membership.objects.filter(user=stranger).update(ends_at=timezone.now())
    client = client_of(stranger.username)
    for page, more in PAGES:
        assert client.get(at(page, *more)).status_code == 404, page


def test_the_report_has_the_figures_of_the_article(reader: Client) -> None:
    """7 of 12 after placebo, none of them after naltrexone; 22.3 and 5.6 are over the seven."""
    text = words(reader, at("look", 1))
    assert (
        "Of 12 completers 7 responded only with Ketamine + placebo, 0 only with Ketamine + naltrexone" in text
    )
    assert "p = 0.015625, z = 2.4176" in text
    assert "7/12, 58 % (28–85 %)" in text
    assert "The 7 completers who responded with Ketamine + placebo" in text
    assert "7/7 5/7 −22.3 (n = 7)" in text
    assert "0/7 0/7 −5.6 (n = 7)" in text
    assert "Pocock 2.1933 2.4176 yes" in text
    assert "O’Brien–Fleming 3.1095 2.4176 no" in text
    assert "Haybittle–Peto 3.0000 2.4176 no" in text
    assert "the planned efficacy boundary is not crossed" in text


def test_dissociation_stands_beside_the_effect(reader: Client) -> None:
    """As in the source trial the treatments do not differ in it. The values are invented, and said to be."""
    text = words(reader, at("look", 1))
    assert "Dissociation, CADSS total at Baseline, in 12 of 12 completers" in text
    assert "mean 22.7 with Ketamine + placebo; mean 22.8 with Ketamine + naltrexone" in text
    assert "those of this demo are invented" in text
    drawn = reader.get(at("look_chart", 1, "exploratory-1", "csv")).content.decode()
    assert len(drawn.splitlines()) == 1 + 12


def test_the_live_report_says_that_it_is_not_frozen(reader: Client) -> None:
    text = words(reader, at("closed"))
    assert "not frozen" in text
    assert "Access log" in text
    assert "view report" in text


def test_the_frozen_rows_have_the_hash_that_the_report_names(reader: Client) -> None:
    """Byte for byte, and it is the one of the audit trail."""
    content = reader.get(at("look_cut", 1)).content
    digest = hashlib.sha256(content).hexdigest()
    assert digest == Look.objects.get(study__code="KETNAL").cut_sha256
    assert digest in words(reader, at("look", 1))
    assert json.loads(content)["look"] == 1


@pytest.mark.parametrize(
    "chart", ["boundary", "power", "slopes", "waterfall", "patterns", "means", "flow", "exploratory-1"]
)
def test_each_chart_comes_as_numbers_and_as_a_drawing(chart: str, reader: Client) -> None:
    numbers = reader.get(at("look_chart", 1, chart, "csv"))
    drawing = reader.get(at("look_chart", 1, chart, "svg"))
    assert len(numbers.content.decode().splitlines()) > 2
    assert drawing.content.decode().startswith("<svg")
    assert reader.get(at("look_chart", 1, chart, "exe")).status_code == 404


def test_a_decision_needs_the_password(statistician: Client, trial: Study) -> None:
    """With a wrong one nothing is signed, and what was typed stays."""
    answers = {"recommendation": "efficacy", "decision": "stop", "reason": "It is plain."}
    page = statistician.post(at("look_decide", 1), {**answers, "password": "wrong"})
    assert page.status_code == 422
    assert "password is incorrect" in page.content.decode()
    assert Look.objects.get(study=trial).decision == ""
    assert not EnrollmentPause.objects.exists()
    page = statistician.post(at("look_decide", 1), {**answers, "password": testing.PASSWORD}, follow=True)
    assert "It is plain." in page.content.decode()
    assert Look.objects.get(study=trial).decision == "stop"
    assert EnrollmentPause.objects.filter(study=trial, lifted_at=None).exists()


def test_serious_events_are_entered_before_the_decision(statistician: Client, trial: Study) -> None:
    """The number, its source and the verdict stand on the decision's page and in the report; a wrong number is named."""
    before = words(statistician, at("look_decide", 1))
    assert "Not assessed yet. Enter at the look how many participants had one" in before
    # What the forms of adverse events say, by the end of the demo: one participant, whatever the treatment.
    proposed = statistician.get(at("look_decide", 1)).content.decode()
    assert re.search(r'name="events" value="1"', proposed)
    assert "1 serious event(s), 1 participant(s)" in proposed
    entry = {"act": "events", "events": "15", "source": "Safety report of 9 Mar 2026"}
    page = statistician.post(at("look_decide", 1), entry)
    assert page.status_code == 422
    assert "from 0 to 14" in page.content.decode()
    assert "Safety report of 9 Mar 2026" in page.content.decode()
    page = statistician.post(at("look_decide", 1), {**entry, "events": "5"}, follow=True)
    assert "Entered: the safety boundary is reached." in page.content.decode()
    text = words(statistician, at("look", 1))
    assert "Interim flag: safety: the safety boundary is reached." in text
    assert "5 of 14 treated with a serious adverse event" in text
    assert Look.objects.get(study=trial).decision == ""


def test_after_a_stop_the_report_allows_for_the_looks(statistician: Client, trial: Study) -> None:
    """p, estimate and intervals, saying the scale; not before the decision."""
    assert "After the end of the trial" not in words(statistician, at("look", 1))
    statistician.post(
        at("look_decide", 1),
        {"recommendation": "efficacy", "decision": "stop", "reason": "r", "password": testing.PASSWORD},
    )
    text = words(statistician, at("look", 1))
    assert "The trial ended at look 1: the committee decided to stop." in text
    assert "Effect, median-unbiased 3.822 stage-wise order" in text
    assert "0.724 to 6.921" in text
    assert "−1.485 to 9.130" in text


def test_the_pause_is_lifted_with_a_reason(statistician: Client, trial: Study) -> None:
    statistician.post(
        at("look_decide", 1),
        {"recommendation": "safety", "decision": "stop", "reason": "r", "password": testing.PASSWORD},
    )
    statistician.post(at("resume"), {"reason": ""})
    assert EnrollmentPause.objects.filter(lifted_at=None).exists()
    statistician.post(at("resume"), {"reason": "the sponsor answered"})
    assert not EnrollmentPause.objects.filter(lifted_at=None).exists()


def test_no_blinded_page_changes_with_what_the_board_wrote(statistician: Client, trial: Study) -> None:
    """The dashboard and the audit trail of an auditor know nothing of recommendation and reason."""
    statistician.post(
        at("look_decide", 1),
        {
            "recommendation": "efficacy",
            "decision": "stop",
            "reason": "Blockade proven.",
            "password": testing.PASSWORD,
        },
    )
    for name, page in (("investigator", "dashboard"), ("auditor", "audit"), ("monitor", "audit")):
        content = client_of(name).get(at(page)).content.decode()
        assert "Blockade proven" not in content
        assert "efficacy" not in content
