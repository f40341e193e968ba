"""Looks of the monitoring board: asked for, and decided with a signature. The unblinded worker freezes them between."""

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.domain import safety_monitoring
from analysis.interim_data import pause_reason
from analysis.models import Look
from analysis.monitoring import closed as closed_reader
from analysis.monitoring.records import SafetyVerdict
from analysis.outcomes.rules import protocol_in_force
from enrollment.services import pause_enrollment
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue
from trialsite.lib.visible import is_visible
from trialsite.review.signing import refusal_of


def request_look(study: Study, number: int, *, by: User) -> Look:
    """Ask the unblinded worker to freeze the data of planned look `number`. Asked again, it is the same look.

    Raises ValidationError when the protocol plans no such look, or an earlier one was not decided.
    """
    with authorised_change(by, "look.take", study, reason="look requested"):
        protocol = protocol_in_force(study)
        rule = protocol.definition.stopping
        planned = next((look for look in rule.looks if look.number == number), None) if rule else None
        if planned is None:
            raise ValidationError(_("The protocol does not plan look %(n)d.") % {"n": number})
        earlier = Look.objects.filter(study=study, number__lt=number, decision="").first()
        if earlier:
            raise ValidationError(
                _("Look %(n)d has not been decided yet. Decide it before requesting the next one.")
                % {"n": earlier.number}
            )
        look, _made = Look.objects.get_or_create(
            study=study,
            number=number,
            defaults={"completers": planned.completers, "protocol": protocol, "requested_by": by},
        )
        enqueue(Outbox.Kind.REPORT, [study.pk])
    return look


def record_events(look: Look, *, by: User, events: int, source: str, session_key: str) -> SafetyVerdict:
    """How many participants of `look` had a serious event, as the safety physician reported it to the board.

    Returns what the protocol's safety rule says of it. May be entered again until the decision;
    the latest counts. Raises ValidationError before the data are frozen, after the decision, without a safety rule,
    and for more events than treated.
    """
    with authorised_change(by, "look.decide", look.study, reason=f"serious events at look {look.number}"):
        saved = (
            Look.objects.select_for_update(of=("self",)).select_related("study", "protocol").get(pk=look.pk)
        )
        rule = saved.protocol.definition.stopping.safety if saved.protocol.definition.stopping else None
        if saved.taken_at is None:
            raise ValidationError(_("The data of this look are not frozen yet. Wait a moment."))
        if saved.decision:
            raise ValidationError(
                _("This look has already been decided; a signed decision cannot be changed.")
            )
        if rule is None:
            raise ValidationError(_("The protocol has no safety boundary."))
        if not is_visible(source):
            raise ValidationError({"source": _("State the source of the number.")})
        frozen_look = closed_reader.look(session_key, saved.study, saved.number)
        treated = frozen_look.figures.safety.treated if frozen_look and frozen_look.figures.safety else 0
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
    return SafetyVerdict(events, treated, probability, stops)


def decide(
    look: Look, *, by: User, recommendation: str, decision: str, reason: str, session_key: str
) -> Look:
    """The board's decision after `look`, signed; `stop` pauses enrolment. The caller has just confirmed the password:
    the database asks for it.

    The sentence of reason stays in the closed schema: what everybody sees of it is continue or stop. Raises
    ValidationError before the data are frozen, after a decision, without the confirmation, and shortly after a reset
    of the caller's access.
    """
    with authorised_change(by, "look.decide", look.study, reason=f"decision after look {look.number}"):
        saved = (
            Look.objects.select_for_update(of=("self",)).select_related("study", "protocol").get(pk=look.pk)
        )
        if saved.taken_at is None:
            raise ValidationError(_("The data of this look are not frozen yet. Wait a moment."))
        if saved.decision:
            raise ValidationError(
                _("This look has already been decided; a signed decision cannot be changed.")
            )
        if not is_visible(reason):
            raise ValidationError(
                {"reason": _("Give the reason for the committee’s decision in one sentence.")}
            )
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "select closed.sign_look(%s, %s, %s, %s, %s)",
                    [session_key, saved.pk, recommendation, decision, reason.strip()],
                )
        except DatabaseError as error:
            raise refusal_of(error, by, saved.protocol.definition.signing_rest_hours) from error
        saved.decision, saved.decided_by, saved.decided_at = decision, by, timezone.now()
        saved.save()
        if decision == Look.Decision.STOP:
            pause_enrollment(saved.study, by=by, reason=pause_reason(saved.number))
        enqueue(Outbox.Kind.REPORT, [saved.study_id])
        enqueue(Outbox.Kind.SUMMARY, [saved.study_id])
    return saved
