"""The unblinded worker, and participants who were randomised from the stock."""

from collections.abc import Callable

import pytest

from analysis.allocation.services import supply
from enrollment import services
from enrollment.models import Kit, Participant
from tests.analysis.conftest import as_closed
from tests.conftest import decide, make_screened
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import process_outbox

Enrol = Callable[[], Participant]


def work() -> None:
    """The unblinded worker settles what has changed at the stocks. In a committed database alone: it has a connection of
    its own."""
    with as_closed():
        process_outbox(Outbox.Kind.SUPPLY, supply)


@pytest.fixture
def enrol(site: Site, coordinator: User, investigator: User) -> Enrol:
    """Another participant of site 01, randomised."""

    def one_more() -> Participant:
        person = make_screened(site, coordinator)
        decide(person, by=investigator)
        return services.randomise(person, by=coordinator)

    return one_more


def on_hand(site: Site) -> Kit:
    """A kit on hand that is nobody's."""
    return Kit.objects.filter(site=site, state="on_hand", period=None).earliest("number")
