"""A form in two languages is read in the one that somebody chooses; what is kept of it is in the common one."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from assessments.language import COMMON, form_language
from assessments.models import Record
from enrollment.models import Visit
from tests.assessments.loaded import LABS, baseline_of, load_forms
from tests.domain.assessments.forms.documents import never_seen
from trialsite.accounts.models import Site, Study, User
from trialsite.review.models import Query

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def visit(study: Study, site: Site, coordinator: User, investigator: User, tmp_path: Path) -> Visit:
    folder = tmp_path / "forms"
    folder.mkdir()
    protocol = load_forms(study, folder, LABS, never_seen(), visit="BASELINE")
    return baseline_of(protocol, site, coordinator, investigator)


@pytest.fixture
def address(visit: Visit) -> str:
    return reverse("visit_form_new", args=[visit.pk, "NEVER_SEEN"])


def choose(client: Client, study: Study, language: str, back: str = "/") -> int:
    where = reverse("form_language", args=[study.code])
    return client.post(where, {"language": language, "next": back}).status_code


def test_a_form_is_read_in_the_language_that_somebody_chooses(
    address: str, study: Study, coordinator: User, as_user: SignIn
) -> None:
    """The interface stays as it is; screen readers hear which language a label is in; the choice stays in the browser."""
    client = as_user(coordinator)
    page = client.get(address).content.decode()
    assert ">Group 1</legend>" in page
    assert re.search(r'value="de"[^>]*aria-pressed="false">Deutsch', page)
    answer = client.post(
        reverse("form_language", args=[study.code]), {"language": "de", "next": address}, follow=True
    )
    page = answer.content.decode()
    assert answer.request["PATH_INFO"] == address
    assert '<legend lang="de">Group 1 auf Deutsch</legend>' in page
    assert "Red auf Deutsch" in page
    assert re.search(r'value="de"[^>]*aria-pressed="true">Deutsch', page)
    assert "Keep it, because" in page or "No value?" in page
    assert form_language() == COMMON


def test_a_choice_of_language_leads_nowhere_else_and_is_a_language(
    study: Study, coordinator: User, as_user: SignIn
) -> None:
    client = as_user(coordinator)
    where = reverse("form_language", args=[study.code])
    answer = client.post(where, {"language": "de", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"
    assert "form-language" not in client.post(where, {"language": "<b>", "next": "/"}).cookies
    client.cookies["form-language"] = "../../etc"
    assert client.get(reverse("forms", args=[study.code])).status_code == 200


def test_a_form_of_one_language_offers_none(visit: Visit, coordinator: User, as_user: SignIn) -> None:
    page = as_user(coordinator).get(reverse("visit_form_new", args=[visit.pk, "LABS"])).content.decode()
    assert "Language of the form" not in page


def test_what_is_kept_of_a_check_is_in_the_common_language(
    visit: Visit, address: str, study: Study, coordinator: User, as_user: SignIn
) -> None:
    """Asked in the reader's language; the query is read by everybody."""
    client = as_user(coordinator)
    choose(client, study, "de")
    day = f"{visit.period.dosed_on:%Y-%m-%d}" if visit.period else ""
    typed = {
        "form_token": str(uuid.uuid4()),
        "performed_on": day,
        "item_TIME1": "10:00",
        "item_TIME2": "11:00",
    }
    asked = client.post(address, typed)
    assert "In time auf Deutsch" in asked.content.decode()
    saved = client.post(address, typed | {"comment_TIME2__SLOW": "the line was slow"})
    assert saved.status_code == 302, saved.content.decode()[-3000:]
    record = Record.objects.get(form="NEVER_SEEN")
    query = Query.objects.get(form="NEVER_SEEN", repeat_key=record.repeat_key, field="TIME2")
    raised = query.messages.order_by("pk")[0].text
    assert "In time" in raised
    assert "Deutsch" not in raised
