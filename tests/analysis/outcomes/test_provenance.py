"""Why is this flag on? The reason, what it was made of, by which rule and when; and the page of waiting rules."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from analysis.models import RuleAdoption
from analysis.outcomes.proposal import propose
from analysis.outcomes.services import recompute
from assessments.domain.entry import AssessmentEntry
from assessments.rating.services import correct
from enrollment.models import Participant
from tests.analysis.people import amend, rating_of, treat
from tests.conftest import MakeUser, items
from trialsite.accounts.models import Site, Study, User

pytestmark = pytest.mark.django_db
Login = Callable[[User], Client]


def page(client: Client, participant: Participant) -> str:
    answer = client.get(reverse("outcomes", args=[participant.study.code, participant.code]))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.mark.parametrize(
    ("total", "sentence"),
    [
        (11, "Response: 24 → 11 is a fall of 13; at least 12 is needed."),
        (12, "Response: 24 → 12 is a fall of 12; at least 12 is needed."),
        (13, "No response: 24 → 13 is a fall of 11; at least 12 is needed."),
        (26, "No response: 24 → 26 is a rise of 2; at least 12 is needed."),
    ],
)
def test_the_reason_comes_first(
    randomised: Participant, investigator: User, as_user: Login, total: int, sentence: str
) -> None:
    """What was seen and what was needed, in one sentence, for a yes as for a no."""
    treat(randomised, 1, investigator, BASELINE=24, DAY1=total)
    recompute([randomised.pk])
    shown = page(as_user(investigator), randomised)
    assert sentence in shown
    assert f"the total at Day 1 is {total}; at most 7 is needed" in shown


def test_what_is_missing_is_said(randomised: Participant, investigator: User, as_user: Login) -> None:
    """No total on day 1: not evaluable, with the reason, and never a no."""
    treat(randomised, 1, investigator, BASELINE=24)
    recompute([randomised.pk])
    shown = page(as_user(investigator), randomised)
    assert "Not evaluable: no total at Day 1." in shown
    assert "Response: <strong>not evaluable</strong>" in shown
    assert "Not a completer. Period 1: no total at the primary visit." in shown


def test_inputs_rule_and_origin_stand_below(
    randomised: Participant, investigator: User, as_user: Login
) -> None:
    """Each rating with its version and a link; the rule with the protocol's own source; when and by which task."""
    period = treat(randomised, 1, investigator, BASELINE=24, DAY1=11)
    recompute([randomised.pk], task_id="4f1c")
    shown = page(as_user(investigator), randomised)
    assert f'<a href="{reverse("visit", args=[rating_of(period, "DAY1").visit_id])}">Day 1</a>: 11' in shown
    assert "version 1" in shown
    assert "falls by at least 50 % from Baseline to Day 1" in shown
    assert "endpoints.response_percent" in shown
    assert "article" in shown
    assert "by background task 4f1c." in shown


def test_a_correction_shows_until_it_is_derived(
    randomised: Participant, investigator: User, as_user: Login
) -> None:
    """Between a save and its recompute the page says that a newer version is on its way."""
    period = treat(randomised, 1, investigator, BASELINE=24, DAY1=11)
    recompute([randomised.pk])
    day1 = rating_of(period, "DAY1")
    entry = AssessmentEntry(items=items(20), rater="R", performed_on=day1.performed_on)
    correct(day1, entry, by=investigator, version=1, reason="transcription error")
    shown = page(as_user(investigator), randomised)
    assert "now version 2: outcomes are being derived again" in shown
    recompute([randomised.pk])
    assert "being derived again" not in page(as_user(investigator), randomised)


def test_flags_are_one_click_from_their_reason(
    randomised: Participant, investigator: User, as_user: Login
) -> None:
    """The participant's page links each flag to its place in the reasons."""
    treat(randomised, 1, investigator, BASELINE=24, DAY1=11)
    recompute([randomised.pk])
    client = as_user(investigator)
    url = reverse("outcomes", args=[randomised.study.code, randomised.code])
    shown = client.get(reverse("participant", args=[randomised.study.code, randomised.code])).content.decode()
    for anchor in ("response-1", "remission-1", "sustained-1", "response-2"):
        assert f'href="{url}#{anchor}"' in shown
        assert f'id="{anchor}"' in client.get(url).content.decode()


def test_another_site_does_not_see_it(
    randomised: Participant, other_site: Site, make_user: MakeUser, as_user: Login
) -> None:
    """404, as for the participant; a statistician sees the reasons, without links that would be refused."""
    url = reverse("outcomes", args=[randomised.study.code, randomised.code])
    assert as_user(make_user("coordinator", other_site)).get(url).status_code == 404
    shown = as_user(make_user("statistician")).get(url)
    assert shown.status_code == 200
    assert "/visits/" not in shown.content.decode()


@pytest.fixture
def rules_url(study: Study) -> str:
    return reverse("outcome_rules", args=[study.code])


def test_waiting_rules_are_shown_with_their_difference_and_adopted_with_a_reason(
    study: Study,
    randomised: Participant,
    investigator: User,
    make_user: MakeUser,
    as_user: Login,
    rules_url: str,
) -> None:
    """24 to 12 is a response at 50 % and none at 60 %: said before, kept after."""
    treat(randomised, 1, investigator, BASELINE=24, DAY1=12)
    recompute([randomised.pk])
    client = as_user(make_user("datamanager"))
    assert "No other rules are pending." in client.get(rules_url).content.decode()
    amend(study, "2.0", response_percent=60)
    shown = re.sub(r"\s+", " ", client.get(rules_url).content.decode())
    assert "Protocol 2.0 changes the outcome rules" in shown
    assert "values for 1 of 1 participants" in shown
    proposal = propose(study)
    assert proposal is not None
    without = client.post(rules_url, {"digest": proposal.digest, "reason": ""})
    assert "Give the reason" in without.content.decode()
    assert client.post(rules_url, {"digest": "0" * 64, "reason": "amendment"}).status_code == 409
    assert not RuleAdoption.objects.exists()
    assert client.post(rules_url, {"digest": proposal.digest, "reason": "amendment"}).status_code == 302
    assert RuleAdoption.objects.get(study=study).reason == "amendment"
    recompute([randomised.pk])
    assert "at least 15 is needed" in page(as_user(investigator), randomised)


@pytest.mark.parametrize(("role", "status"), [("investigator", 403), ("statistician", 403), ("admin", 200)])
def test_who_may_read_and_adopt_rules(
    make_user: MakeUser, as_user: Login, rules_url: str, role: str, status: int
) -> None:
    """Data managers and administrators; others are told that their role is too small."""
    assert as_user(make_user(role)).get(rules_url).status_code == status
