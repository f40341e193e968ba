"""Verification against the source document, and signatures."""

from collections.abc import Iterable, Mapping

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.lib import refusals
from trialsite.lib.errors import Conflict
from trialsite.review.models import Query, Signature, Verification
from trialsite.review.records import ReviewedParticipant, ReviewedVisit
from trialsite.review.required_text import required_text
from trialsite.review.signing import refusal_of


def verify(
    participant: ReviewedParticipant,
    visit: ReviewedVisit | None,
    form: str,
    fields: Iterable[str],
    *,
    by: User,
    repeat_keys: Iterable[int | None] = (None,),
) -> list[Verification]:
    """Say that these fields (an empty string: the whole form) agree with the source document. Without a visit: of
    the casebook itself. `repeat_keys`: the rows, of a form that has several."""
    with authorised_change(
        by, "record.verify", participant.study, participant.site, reason=_("source verified")
    ):
        verified = set(
            Verification.objects.filter(
                participant=participant.pk, visit=_pk(visit), form=form, voided_at=None
            ).values_list("repeat_key", "field")
        )
        wanted = dict.fromkeys((key, field) for key in repeat_keys for field in sorted(set(fields)))
        return [
            Verification.objects.create(
                participant_id=participant.pk,
                visit_id=_pk(visit),
                form=form,
                repeat_key=key,
                field=field,
                verified_by=by,
            )
            for key, field in wanted
            if (key, field) not in verified
        ]


def unverify(verification: Verification, *, by: User, reason: str) -> None:
    """Take a verification back."""
    participant = verification.participant
    reason = required_text(reason, _("Give the reason for removing the verification."))
    with authorised_change(by, "record.verify", participant.study, participant.site, reason=reason):
        Verification.objects.filter(pk=verification.pk, voided_at=None).update(voided_at=timezone.now())


def sign(
    participant: ReviewedParticipant,
    visit: ReviewedVisit | None,
    *,
    by: User,
    meaning: str,
    content_sha256: str | None = None,
) -> Signature:
    """Sign a visit, or the casebook when `visit` is None. The password was confirmed just now in the session of this
    request: the database asks for it.

    `content_sha256`: the hash (selectors.content_sha256) of what they read; None when nobody read a page. Raises
    Conflict when it is not what would be signed, and ValidationError while a blocking query is open, the visit has
    not taken place, or visits of the casebook are unsigned.
    """
    meaning = required_text(meaning, _("Select the meaning of your signature."))
    with authorised_change(by, "record.sign", participant.study, participant.site, reason=meaning):
        _check_signable(participant, visit)
        try:
            with transaction.atomic():
                signature = Signature(
                    participant_id=participant.pk, visit_id=_pk(visit), meaning=meaning, signed_by=by
                )
                signature.signed_at = timezone.now()
                signature.save(force_insert=True)
        except IntegrityError:
            raise ValidationError(_("You have already signed this; nothing has changed since.")) from None
        except DatabaseError as error:
            if refusals.code(error) == refusals.NOT_ALLOWED:
                raise PermissionDenied("record.sign") from error
            raise refusal_of(error, by, participant.protocol.definition.signing_rest_hours) from error
        signature.refresh_from_db()
        if content_sha256 is not None and signature.content_sha256 != content_sha256:
            raise Conflict(participant)
    return signature


def sign_series(
    participant: ReviewedParticipant, contents: Mapping[int | None, str], *, by: User, meaning: str
) -> list[Signature]:
    """Sign several records of a participant that were read in one sitting: all of them, or none.

    `contents`: by visit (None: the casebook, signed last) the hash of what was read. The caller has just confirmed the
    password: a series of signings in one continuous session needs it once (21 CFR 11.200(a)(1)(i)). Each record gets
    a signature of its own. Raises what `sign` raises, each ValidationError naming its visit, all of them at once.
    """
    visits = {visit.pk: visit for visit in participant.visits.filter(pk__in=[pk for pk in contents if pk])}
    records = [visits[pk] for pk in contents if pk in visits] + ([None] if None in contents else [])
    if not records:
        raise ValidationError(_("Select the records to sign."))
    signatures, problems = [], []
    with transaction.atomic():
        for visit in records:
            try:
                content = contents[_pk(visit)]
                signatures.append(sign(participant, visit, by=by, meaning=meaning, content_sha256=content))
            except ValidationError as error:
                name = _named(visit) if visit else _("Casebook")
                problems += [f"{name}: {message}" for message in error.messages]
        if problems:
            raise ValidationError(problems)
    return signatures


def _pk(visit: ReviewedVisit | None) -> int | None:
    return visit.pk if visit else None


def _named(visit: ReviewedVisit) -> str:
    if visit.period is None:
        return str(visit)
    return _("period %(n)d, %(visit)s") % {"n": visit.period.number, "visit": visit}


def _check_signable(participant: ReviewedParticipant, visit: ReviewedVisit | None) -> None:
    blocking = Query.objects.blocking().filter(participant=participant.pk)
    if visit is not None:
        if visit.status == "planned":
            raise ValidationError(_("This visit has not taken place; there is nothing to sign yet."))
        blocking = blocking.filter(visit=visit.pk)
    elif unsigned := _unsigned(participant):
        raise ValidationError(
            _("Sign the visits first: %(visits)s.") % {"visits": "; ".join(map(_named, unsigned))}
        )
    if n := blocking.count():
        raise ValidationError(
            _("Queries that must be closed before signing: %(n)d. Have them answered and closed.") % {"n": n}
        )


def _unsigned(participant: ReviewedParticipant) -> list[ReviewedVisit]:
    signed = Signature.objects.filter(participant=participant.pk, voided_at=None).exclude(visit=None)
    visits = participant.visits.filter(~Q(status="planned")).select_related("period")
    return list(visits.exclude(pk__in=signed.values("visit")))
