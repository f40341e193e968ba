"""What kits add to the work list: one given in another's place, kits to receive, a site to supply."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enrollment.models import WrongKit
from enrollment.supply.selectors import SiteStock, shipments_coming, stocks_for, wrong_kits_waiting_for
from enrollment.today.action import Action
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import may
from trialsite.lib.clock import local_date


def supply_actions(user: User, study: Study) -> list[Action]:
    """None for who has nothing to do with kits."""
    if not may(user, "supply.view", study):
        return []
    actions = [
        _wrong(wrong) for wrong in wrong_kits_waiting_for(user, study).select_related("participant__site")
    ]
    actions += [
        Action(
            participant=_("Site %(site)s") % {"site": shipment.site.code},
            what=_("Receive kits"),
            why=ngettext("%(n)d set is on its way", "%(n)d sets are on their way", shipment.sets)
            % {"n": shipment.sets},
            url=reverse("shipment", args=[shipment.pk]),
            state="planned",
        )
        for shipment in shipments_coming(user, study).filter(packed_at__isnull=False)
    ]
    if may(user, "supply.send", study):
        actions += [
            _send(stock, study) for stock in stocks_for(user, study) if stock.may_send and stock.proposal
        ]
    return actions


def _wrong(wrong: WrongKit) -> Action:
    return Action(
        participant=wrong.participant.code,
        what=_("Wrong kit given"),
        why=_("period %(n)d: kit %(given)s given, kit %(assigned)s assigned")
        % {"n": wrong.period.number, "given": wrong.given, "assigned": wrong.assigned},
        url=reverse("wrong_kit", args=[wrong.pk]),
        state="overdue",
        on=local_date(wrong.recorded_at, wrong.participant.site.timezone),
    )


def _send(stock: SiteStock, study: Study) -> Action:
    left, needed = stock.balance.sets_left, stock.proposal
    return Action(
        participant=_("Site %(site)s") % {"site": stock.site.code},
        what=ngettext("Send %(n)d set of kits", "Send %(n)d sets of kits", needed) % {"n": needed},
        why=ngettext("%(n)d set left", "%(n)d sets left", left) % {"n": left},
        url=reverse("supply_send", args=[study.code, stock.site.code]),
        state="due",
    )
