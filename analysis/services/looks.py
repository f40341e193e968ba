"""Looks of the monitoring board: asked for, frozen by the unblinded worker, decided with a signature."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis import closed as closed_reader
from analysis.board import Cut, closing, paper, why_ended
from analysis.board_pages import look_row
from analysis.board_pdf import Front, pdf
from analysis.board_report import completers_of, results
from analysis.board_words import moment
from analysis.domain import safety_monitoring
from analysis.looks import cut_of, data_of, pause_reason, today_of
from analysis.models import Look
from analysis.rules import protocol_in_force
from enrollment.services import pause_enrollment
from trialsite.accounts.acting import act, signed_by
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import owe
from trialsite.lib import canonical

UNPRINTED_FIELDS = (
    "taken_at", "results", "recommendation", "decision", "reason", "signed_name", "signed_at",
    "events", "treated", "probability", "stops", "events_source", "events_by", "events_at",
)  # fmt: skip
UNPRINTED = """
    select l.taken_at, l.results, d.recommendation, d.decision, d.reason, d.signed_name, d.signed_at,
           r.events, r.treated, r.probability, r.stops, r.source, r.entered_name, r.entered_at
    from closed.look l left join closed.decision d on d.look_id = l.look_id
    left join lateral (select * from closed.safety_report s where s.look_id = l.look_id
                       order by s.id desc limit 1) r on true
    where l.look_id = %s and not exists (
      select from closed.print p where p.look_id = l.look_id and p.decided = (d.look_id is not null))
"""


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


@transaction.atomic
def freeze(studies: Sequence[int]) -> None:
    """The unblinded worker's part: freeze the looks that were asked for and whose completers are there."""
    for look in (
        Look.objects.filter(study__in=studies, taken_at=None)
        .select_for_update(of=("self",))
        .select_related("study", "protocol")
        .order_by("study_id", "number")
    ):
        data = data_of(look.study, look.protocol.rules)
        if not _may_freeze(look, len(completers_of(look.protocol.rules, data))):
            continue
        now = timezone.now()
        cut = cut_of(look, data, taken_at=now, salt=secrets.token_hex(16))
        found = results(look.protocol.rules, data, earlier=earlier_looks(look.study), number=look.number)
        _store(look, canonical.encode(cut).decode(), found, now)


def _may_freeze(look: Look, completers: int) -> bool:
    """Whether `look` is due; on its day it waits for a completer whom the look before did not have."""
    rule = look.protocol.rules.stopping
    planned = next((one for one in rule.looks if one.number == look.number), None) if rule else None
    if planned is None or not planned.due(completers, today_of(look.study)):
        return False
    return planned.on is None or completers > max(earlier_looks(look.study).values(), default=0)


def earlier_looks(study: Study) -> dict[int, int]:
    """Number of each frozen look → completers it had."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.number, (l.results ->> 'completers')::int from closed.look l"
            " join analysis_look a on a.id = l.look_id where l.study_id = %s order by a.number",
            [study.pk],
        )
        return dict(cursor.fetchall())


def _store(look: Look, cut: str, found: Mapping[str, Any], now: Any) -> None:
    digest = hashlib.sha256(cut.encode()).hexdigest()
    with (
        signed_by(
            User.objects.system(), role="unblinded worker", reason=f"data of look {look.number} frozen"
        ),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "insert into closed.look (look_id, study_id, cut, cut_sha256, results, taken_at)"
            " values (%s, %s, %s, %s, %s, %s)",
            [look.pk, look.study_id, cut, digest, canonical.encode(found).decode(), now],
        )
        look.taken_at, look.cut_sha256 = now, digest
        look.save()


def ended_look(study: Study) -> dict[str, Any] | None:
    """The look at which the trial ended, decided to stop or the last planned: look, stopped, monitoring; else None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.number, d.decision, l.results -> 'monitoring' from closed.look l"
            " join analysis_look a on a.id = l.look_id left join closed.decision d on d.look_id = l.look_id"
            " where l.study_id = %s order by a.number desc limit 1",
            [study.pk],
        )
        found = cursor.fetchone()
    if found is None:
        return None
    number, decision, shown = found
    shown = json.loads(shown) if isinstance(shown, str) else shown
    ended = {"look": number, "stopped": decision == "stop", "monitoring": shown}
    return ended if why_ended(number, shown, ended["stopped"]) else None


def print_reports(studies: Sequence[int]) -> None:
    """The unblinded worker's part: print each frozen look once, and once more when it is decided."""
    for look in (
        Look.objects.filter(study__in=studies).exclude(taken_at=None).select_related("study", "protocol")
    ):
        with connection.cursor() as cursor:
            cursor.execute(UNPRINTED, [look.pk])
            found = cursor.fetchone()
        if found:
            _print(look, dict(zip(UNPRINTED_FIELDS, found, strict=True)))


def _print(look: Look, found: dict[str, Any]) -> None:
    protocol = look.protocol
    results_ = json.loads(found["results"]) if isinstance(found["results"], str) else found["results"]
    cut = Cut(look.number, moment(found["taken_at"]), look.cut_sha256, protocol.version, protocol.sha256)
    decided = found["decision"] is not None
    found["signed_at"] = moment(found["signed_at"]) if decided else ""
    before = Look.objects.filter(study=look.study_id, number__lte=look.number).exclude(taken_at=None)
    sections = [
        *paper(protocol.rules, results_, cut, found),
        *closing(found, [look_row(one) for one in before]),
    ]
    content = pdf(Front(look.study.code, look.number, look.cut_sha256), sections)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into closed.print (look_id, decided, content, sha256) values (%s, %s, %s, %s)"
            " on conflict do nothing",
            [look.pk, decided, content, hashlib.sha256(content).hexdigest()],
        )
