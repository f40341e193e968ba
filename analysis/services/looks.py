"""Looks of the monitoring board: asked for, and decided with a signature. The unblinded worker freezes them between."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis import closed as closed_reader
from analysis.domain import safety_monitoring
from analysis.looks import pause_reason
from analysis.models import Look
from analysis.rules import protocol_in_force
from enrollment.services import pause_enrollment
from trialsite.accounts.acting import act
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import owe


def request_look(study: Study, number: int, *, by: User) -> Look:
    """Ask the unblinded worker to freeze the data of planned look `number`. Asked again, it is the same look.

    Raises ValidationError when the protocol plans no such look, or an earlier one was not decided.
    """
    with act(by, "look.take", study, reason="look requested"):
        protocol = protocol_in_force(study)
        rule = protocol.rules.stopping
        planned = next((look for look in rule.looks if look.number == number), None) if rule else None
        if planned is None:
            raise ValidationError(_("The protocol plans no look %(n)d.") % {"n": number})
        earlier = Look.objects.filter(study=study, number__lt=number, decision="").first()
        if earlier:
            raise ValidationError(
                _("Look %(n)d is not decided yet. Decide it before you ask for the next one.")
                % {"n": earlier.number}
            )
        look, _made = Look.objects.get_or_create(
            study=study,
            number=number,
            defaults={"completers": planned.completers, "protocol": protocol, "requested_by": by},
        )
        owe(Outbox.Kind.REPORT, [study.pk])
    return look


def record_events(look: Look, *, by: User, events: int, source: str, session_key: str) -> dict[str, Any]:
    """How many participants of `look` had a serious event, as the safety physician reported it to the board.

    Returns what the protocol's safety rule says of it: `probability`, `stops`. May be entered again until the decision;
    the latest counts. Raises ValidationError before the data are frozen, after the decision, without a safety rule,
    and for more events than treated.
    """
    with act(by, "look.decide", look.study, reason=f"serious events at look {look.number}"):
        saved = (
            Look.objects.select_for_update(of=("self",)).select_related("study", "protocol").get(pk=look.pk)
        )
        rule = saved.protocol.rules.stopping.safety if saved.protocol.rules.stopping else None
        if saved.taken_at is None:
            raise ValidationError(_("The data of this look are not frozen yet. Wait for the worker."))
        if saved.decision:
            raise ValidationError(_("This look is decided already; a signed decision does not change."))
        if rule is None:
            raise ValidationError(_("The protocol has no safety boundary."))
        if not source.strip():
            raise ValidationError({"source": _("Say where the number comes from.")})
        found = closed_reader.look(session_key, saved.study, saved.number)
        treated = found["results"]["safety"]["treated"] if found else 0
        if not 0 <= events <= treated:
            raise ValidationError(
                {"events": _("Enter a number from 0 to %(n)d, the participants treated.") % {"n": treated}}
            )
        probability = safety_monitoring.exceedance(events, treated, p0=rule.p0, prior=rule.prior)
        stops = probability > rule.tau
        with connection.cursor() as cursor:
            cursor.execute(
                "select closed.report_events(%s, %s, %s, %s, %s, %s)",
                [session_key, saved.pk, events, probability, stops, source.strip()],
            )
    return {"events": events, "treated": treated, "probability": probability, "stops": stops}


def decide(
    look: Look, *, by: User, recommendation: str, decision: str, reason: str, session_key: str
) -> Look:
    """The board's decision after `look`, signed; `stop` pauses enrolment. The caller has checked the password.

    The sentence of reason stays in the closed schema: what everybody sees of it is continue or stop. Raises
    ValidationError before the data are frozen and after a decision.
    """
    with act(by, "look.decide", look.study, reason=f"decision after look {look.number}"):
        saved = Look.objects.select_for_update(of=("self",)).select_related("study").get(pk=look.pk)
        if saved.taken_at is None:
            raise ValidationError(_("The data of this look are not frozen yet. Wait for the worker."))
        if saved.decision:
            raise ValidationError(_("This look is decided already; a signed decision does not change."))
        if not reason.strip():
            raise ValidationError({"reason": _("Say in a sentence why the board decided so.")})
        with connection.cursor() as cursor:
            cursor.execute(
                "select closed.sign_look(%s, %s, %s, %s, %s)",
                [session_key, saved.pk, recommendation, decision, reason.strip()],
            )
        saved.decision, saved.decided_by, saved.decided_at = decision, by, timezone.now()
        saved.save()
        if decision == Look.Decision.STOP:
            pause_enrollment(saved.study, by=by, reason=pause_reason(saved.number))
        owe(Outbox.Kind.REPORT, [saved.study_id])
        owe(Outbox.Kind.SUMMARY, [saved.study_id])
    return saved
