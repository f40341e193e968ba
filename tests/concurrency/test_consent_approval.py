"""Somebody signs a consent text while its approval is being entered."""

from datetime import timedelta
from functools import partial

import pytest

from assessments.models import Deviation
from enrollment import services
from enrollment.consents.services import add_consent_version, approve_consent_version
from enrollment.models import Participant
from enrollment.selectors import today_at
from tests.concurrency.test_one_after_the_other import while_uncommitted
from tests.conftest import MakeUser
from trialsite.accounts.models import Site, User


@pytest.mark.parametrize("screened_first", [False, True])
def test_who_signs_a_text_is_judged_by_the_approval_that_is_being_entered(
    screened_first: bool, committed: str, site: Site, coordinator: User, make_user: MakeUser
) -> None:
    """Whichever begins first, the other waits for it: no deviation is left open."""
    manager, today = make_user("datamanager"), today_at(site)
    text = add_consent_version(site.study, by=manager, label="1.0", language="en", dated_on=today)
    approve = partial(
        approve_consent_version, text, site, by=manager, version=0, approved_on=today - timedelta(days=3)
    )
    screen = partial(
        services.screen, site, by=coordinator, consented_on=today, consent_version=text, age=40, sex="F"
    )
    if screened_first:
        while_uncommitted(screen, approve)
    else:
        while_uncommitted(approve, screen)
    assert Participant.objects.get(site=site).consent_version == text
    assert not Deviation.objects.filter(status="open").exists()
