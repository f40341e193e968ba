"""Consent texts in the audit trail: what was entered, for which site, and who signed which."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment import services
from enrollment.consents.services import add_consent_version, approve_consent_version
from enrollment.selectors import today_at
from tests.analysis.trail.test_activities import PAGE, sentences
from tests.audit.test_audit_page import a_request
from tests.conftest import MakeUser
from trialsite.accounts.models import Site, User

pytestmark = pytest.mark.django_db


def test_texts_and_who_signed_them_are_told(
    site: Site, coordinator: User, make_user: MakeUser, as_user: Callable[[User], Client]
) -> None:
    manager, today = make_user("datamanager"), today_at(site)
    with a_request():
        text = add_consent_version(site.study, by=manager, label="2.0", language="en", dated_on=today)
    with a_request():
        approve_consent_version(text, site, by=manager, version=0, approved_on=today)
    with a_request():
        participant = services.screen(
            site, by=coordinator, consented_on=today, consent_version=text, age=40, sex="F"
        )
    client = as_user(manager)
    of_study = client.get(PAGE, {"about": "study"}).content.decode()
    told = " ".join(sentences(of_study))
    assert "entered consent version 2.0" in told
    assert "entered the approval of a consent version at a site" in told
    of_participant = client.get(PAGE, {"participant": participant.code}).content.decode()
    assert "2.0 (en)" in of_participant
