"""The only writers of kits. What is in one, the unblinded worker alone knows: it numbers what is sent, plans who gets which,
and finds what takes a lost one's place."""

from collections.abc import Collection, Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.models import Kit, Participant, Shipment, WrongKit
from enrollment.selectors import today_at
from enrollment.supply.selectors import supply_rule
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue
from trialsite.lib.visible import is_visible


def request_supply(site: Site, sets: int, *, by: User) -> Shipment:
    """Send kits to `site`: the unblinded worker numbers them. Raises ValidationError where kits come by the list alone."""
    with authorised_change(by, "supply.send", site.study, site, reason="kits sent"):
        if supply_rule(site.study) is None:
            raise ValidationError(_("In this study each kit comes with its place on the allocation list."))
        shipment = Shipment.objects.create(study=site.study, site=site, sets=sets, requested_by=by)
        enqueue(Outbox.Kind.SUPPLY, [site.pk])
    return shipment


def receive_shipment(
    shipment: Shipment, received_on: date, *, by: User, missing: Collection[str] = (), reason: str = ""
) -> Shipment:
    """The kits of a shipment have arrived, but for those `missing`, which takes a reason. Raises ValidationError."""
    message = reason.strip() or "shipment received"
    with authorised_change(by, "supply.record", shipment.study, shipment.site, reason=message):
        saved = Shipment.objects.select_for_update().get(pk=shipment.pk)
        if saved.received_on:
            raise ValidationError(
                _("This shipment was received on %(day)s.") % {"day": date_format(saved.received_on)}
            )
        if saved.packed_at is None:
            raise ValidationError(_("The kits of this shipment are not numbered yet."))
        _check_day(shipment.site, received_on, "received_on")
        kits = {kit.number: kit for kit in saved.kits.select_for_update()}
        unknown = sorted(set(missing) - kits.keys())
        if unknown:
            message = _("Not of this shipment: %(kits)s.")
            raise ValidationError({"missing": message % {"kits": ", ".join(unknown)}})
        if missing and not is_visible(reason):
            raise ValidationError({"reason": _("State what is known of the kits that did not arrive.")})
        saved.received_on = received_on
        saved.save(force_update=True)
        for number, kit in kits.items():
            if kit.state == Kit.State.SENT:
                kit.state = Kit.State.MISSING if number in missing else Kit.State.ON_HAND
                kit.moved_on = received_on
        Kit.objects.bulk_update(kits.values(), ["state", "moved_on"])
        enqueue(Outbox.Kind.SUPPLY, [saved.site_id])
    return saved


def return_kit(kit: Kit, on: date, *, by: User, version: int, reason: str) -> Kit:
    """A kit, used or not, went back to the pharmacy or the sponsor."""
    return _leave(kit, Kit.State.RETURNED, on, by, version, reason)


def destroy_kit(kit: Kit, on: date, *, by: User, version: int, reason: str) -> Kit:
    """A kit was destroyed, or is of no use any more: broken, too warm, out of date."""
    return _leave(kit, Kit.State.DESTROYED, on, by, version, reason)


def put_back_kit(kit: Kit, on: date, *, by: User, version: int, reason: str) -> Kit:
    """A kit recorded as returned, destroyed or missing is there after all: it stands as it did before."""
    with authorised_change(by, "supply.record", kit.study, kit.site, reason=_required(reason)):
        saved = _locked(kit, version)
        if saved.state not in (Kit.State.RETURNED, Kit.State.DESTROYED, Kit.State.MISSING):
            raise ValidationError(_("Kit %(kit)s is where it was.") % {"kit": saved.number})
        state = Kit.State.DISPENSED if saved.given_in_id else Kit.State.ON_HAND
        return _moved(saved, state, on)


def ask_replacement(kit: Kit, *, by: User, version: int, reason: str) -> Kit:
    """The unblinded worker assigns another kit of the same content, from the stock of the site."""
    with authorised_change(by, "supply.record", kit.study, kit.site, reason=_required(reason)):
        saved = _locked(kit, version)
        period = saved.period
        if period is None or period.kit_number != saved.number:
            raise ValidationError(_("This kit is assigned to nobody."))
        if period.dosed_on:
            raise ValidationError(_("The treatment of this period was given already."))
        if saved.replacement_asked_at:
            raise ValidationError(_("A replacement for this kit was requested already."))
        saved.replacement_asked_at = timezone.now()
        saved.version += 1
        saved.save(force_update=True)
        enqueue(Outbox.Kind.SUPPLY, [saved.site_id])
    return saved


def close_wrong_kit(wrong: WrongKit, *, by: User, action: str) -> WrongKit:
    """Say what was done about a kit that was given in another's place. Raises ValidationError without that, or when it was
    said before."""
    if not is_visible(action):
        raise ValidationError({"action": _("State what was done.")})
    participant = wrong.participant
    with authorised_change(by, "wrong_kit.close", participant.study, participant.site, reason=action):
        saved = WrongKit.objects.select_for_update(of=("self",)).select_related("closed_by").get(pk=wrong.pk)
        if saved.closed_by:
            message = _("%(name)s has already closed this: %(action)s")
            raise ValidationError(message % {"name": saved.closed_by.printed_name, "action": saved.action})
        saved.action, saved.closed_by, saved.closed_at = action.strip(), by, timezone.now()
        saved.save(force_update=True)
    return saved


def assign_kits(participant: Participant, kits: Mapping[int, str]) -> None:
    """The kits by period are the participant's: those of them that are of the stock. Part of randomising."""
    of_period = dict(participant.periods.values_list("number", "pk"))
    rows = Kit.objects.select_for_update().filter(study=participant.study_id, number__in=kits.values())
    by_number = {number: period for period, number in kits.items()}
    assigned = list(rows)
    for kit in assigned:
        kit.period_id = of_period[by_number[kit.number]]
        kit.version += 1
    Kit.objects.bulk_update(assigned, ["period", "version"])


def _leave(kit: Kit, state: Kit.State, on: date, by: User, version: int, reason: str) -> Kit:
    with authorised_change(by, "supply.record", kit.study, kit.site, reason=_required(reason)):
        saved = _locked(kit, version)
        if saved.state in (Kit.State.SENT, Kit.State.MISSING):
            raise ValidationError(_("Kit %(kit)s has not been received.") % {"kit": saved.number})
        if saved.state == Kit.State.DESTROYED or saved.state == state:
            raise ValidationError(
                _("Kit %(kit)s is recorded as %(state)s already.")
                % {"kit": saved.number, "state": saved.get_state_display().lower()}
            )
        return _moved(saved, state, on)


def _moved(kit: Kit, state: Kit.State, on: date) -> Kit:
    _check_day(kit.site, on, "on")
    kit.state, kit.moved_on = state, on
    kit.version += 1
    kit.save(force_update=True)
    enqueue(Outbox.Kind.SUPPLY, [kit.site_id])
    return kit


def _locked(kit: Kit, version: int) -> Kit:
    saved = Kit.objects.select_for_update(of=("self",)).select_related("site", "period").get(pk=kit.pk)
    if saved.version != version:
        raise ValidationError(
            _("Kit %(kit)s was changed meanwhile: it is %(state)s. Check, and send again.")
            % {"kit": saved.number, "state": saved.get_state_display().lower()}
        )
    return saved


def _check_day(site: Site, day: date, field: str) -> None:
    if day > today_at(site):
        raise ValidationError({field: _("This day is still to come.")})


def _required(reason: str) -> str:
    if not is_visible(reason):
        raise ValidationError({"reason": _("Give the reason; it is kept in the audit trail.")})
    return reason
