"""Which kit was given: part of recording a dose, whose caller has authorised and whose transaction and actor hold."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.models import Kit, Period, WrongKit
from enrollment.supply.selectors import wrong_kit_of
from trialsite.accounts.models import User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue
from trialsite.lib.visible import is_visible


def give_kit(period: Period, number: str, given_on: date, *, by: User, reason: str) -> None:
    """Record that `number` was given in `period`; empty: the one that was recorded before, else the assigned one.

    What happened is not refused. Another kit than the assigned one asks for a reason that says what happened, and whom it
    concerns is told; taking that back asks for one too. Raises ValidationError by field for a missing reason."""
    assigned = period.kit_number
    before = wrong_kit_of(period)
    given = number.strip().upper() or (before.given if before else assigned)
    if not assigned or not given:
        return
    if before and before.given != given:
        _take_back(before, reason)
    if given != assigned and (before is None or before.given != given):
        _note_wrong(period, given, given_on, by, reason)
    elif before and before.given == given and before.given_on != given_on:
        before.given_on = given_on
        before.save(force_update=True)
    _move(period, given, given_on)


def _take_back(wrong: WrongKit, reason: str) -> None:
    if not is_visible(reason):
        message = _("Kit %(kit)s was recorded as given. Give the reason for the correction.")
        raise ValidationError({"reason": message % {"kit": wrong.given}})
    wrong.corrected_at = timezone.now()
    wrong.save(force_update=True)


def _note_wrong(period: Period, given: str, given_on: date, by: User, reason: str) -> None:
    if not is_visible(reason):
        message = _(
            "Kit %(assigned)s is assigned to this period, not %(given)s. Check the number on the box. If %(given)s was"
            " given, say what happened: the investigator, the monitor and the pharmacist are told at once."
        )
        raise ValidationError({"reason": message % {"assigned": period.kit_number, "given": given}})
    WrongKit.objects.create(
        participant=period.participant,
        period=period,
        assigned=period.kit_number,
        given=given,
        given_on=given_on,
        happened=reason.strip(),
        recorded_by=by,
    )


def _move(period: Period, given: str, given_on: date) -> None:
    """The kit leaves the stock, and one that was recorded here before by mistake comes back. A kit that is not of the
    stock, or was given in another period already, stays as it is: people have to look into how that came about."""
    rows = Kit.objects.select_for_update().filter(study=period.participant.study_id)
    back = rows.filter(given_in=period).exclude(number=given).first()
    if back:
        state = Kit.State.ON_HAND if back.state == Kit.State.DISPENSED else Kit.State(back.state)
        _save(back, state, None, given_on)
    kit = rows.filter(number=given).first()
    if kit and kit.given_in_id in (None, period.pk) and (kit.given_in_id is None or kit.moved_on != given_on):
        state = Kit.State(kit.state) if kit.given_in_id else Kit.State.DISPENSED
        _save(kit, state, period, given_on)


def _save(kit: Kit, state: Kit.State, period: Period | None, day: date) -> None:
    kit.state, kit.given_in, kit.moved_on = state, period, day
    kit.version += 1
    kit.save(force_update=True)
    if kit.period_id is None:
        # What is left for others has changed.
        enqueue(Outbox.Kind.SUPPLY, [kit.site_id])
