"""The only writers of what people say about a record: queries, verification, signatures, locks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trialsite.accounts.acting import act
from trialsite.accounts.models import Site, Study, User
from trialsite.lib.errors import Conflict
from trialsite.review.models import Lock, Query, QueryMessage, Signature, UnlockRequest, Verification
from trialsite.review.signing import refusal_of

if TYPE_CHECKING:
    from enrollment.models import Participant, Visit

Kind = QueryMessage.Kind


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the record: a participant's field, by visit and form. Empty strings mean the whole."""

    participant: "Participant"
    visit: "Visit | None" = None
    form: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What an edit check found: its identifier and version, the field, and its question in words. `comment`: what whoever
    entered the value answered when they were asked before saving; empty when they were not."""

    check_id: str
    check_version: str
    field: str
    text: str
    comment: str = ""


def raise_queries(
    places: Sequence[Place], *, by: User, text: str, blocks_signature: bool = False
) -> list[Query]:
    """Ask the same question at each of `places`, all or none."""
    text = _said(text, _("Write what you ask."))
    raised = []
    with transaction.atomic():
        for place in places:
            person = place.participant
            with act(by, "query.raise", person.study, person.site, reason=text):
                query = Query.objects.create(
                    participant=person,
                    visit=place.visit,
                    form=place.form,
                    field=place.field,
                    blocks_signature=blocks_signature,
                    raised_by=by,
                )
                _say(query, Kind.RAISED, text, by)
            raised.append(query)
    return raised


def answer(query: Query, *, by: User, text: str) -> Query:
    """Answer an open query. Raises ValidationError when it is not open any more."""
    return _turn(query, "query.answer", Kind.ANSWERED, {Query.Status.OPEN}, Query.Status.ANSWERED, by, text)


def ask_again(query: Query, *, by: User, text: str) -> Query:
    """The answer did not settle it, or the matter comes up again after closing."""
    asked = {Query.Status.ANSWERED, Query.Status.CLOSED}
    return _turn(query, "query.raise", Kind.REQUERIED, asked, Query.Status.OPEN, by, text)


def close(query: Query, *, by: User, text: str) -> Query:
    """Close a query: whoever raised it, or any data manager."""
    if query.raised_by_id not in (None, by.pk):
        person = query.participant
        with act(by, "query.close_any", person.study, person.site):
            pass
    asked = {Query.Status.OPEN, Query.Status.ANSWERED}
    return _turn(query, "query.close", Kind.CLOSED, asked, Query.Status.CLOSED, by, text)


def note_findings(place: Place, findings: Iterable[Finding], *, by: User, reason: str) -> None:
    """Queries of edit checks at `place` (its field is not used): open one for each finding that has none, and
    close those whose check no longer fires. Called inside the change that made the findings, with its actor.

    A finding's text names no figure that a later correction would make untrue: the query stays as it was raised."""
    person = place.participant
    with act(by, "assessment.enter", person.study, person.site, reason=reason):
        open_ = {
            (query.check_id, query.field): query
            for query in Query.objects.open()
            .filter(participant=person, visit=place.visit, form=place.form)
            .exclude(check_id="")
        }
        for finding in findings:
            query = open_.pop((finding.check_id, finding.field), None) or _raise(place, finding)
            if finding.comment:
                _move(query, Query.Status.ANSWERED)
                _say(query, Kind.ANSWERED, finding.comment, by)
        for query in open_.values():
            _move(query, Query.Status.CLOSED)
            _say(query, Kind.CLOSED, _("The value was changed; the check no longer fires."), None)


def _raise(place: Place, finding: Finding) -> Query:
    query = Query.objects.create(
        participant=place.participant,
        visit=place.visit,
        form=place.form,
        field=finding.field,
        check_id=finding.check_id,
        check_version=finding.check_version,
    )
    _say(query, Kind.RAISED, finding.text, None)
    return query


def verify(
    participant: "Participant", visit: "Visit | None", form: str, fields: Iterable[str], *, by: User
) -> list[Verification]:
    """Say that these fields (an empty string: the whole form) agree with the source document. Without a visit: of
    the casebook itself."""
    with act(by, "record.verify", participant.study, participant.site, reason=_("source verified")):
        verified = set(
            Verification.objects.filter(
                participant=participant, visit=visit, form=form, voided_at=None
            ).values_list("field", flat=True)
        )
        return [
            Verification.objects.create(
                participant=participant, visit=visit, form=form, field=field, verified_by=by
            )
            for field in sorted(set(fields) - verified)
        ]


def unverify(verification: Verification, *, by: User, reason: str) -> None:
    """Take a verification back."""
    person = verification.participant
    reason = _said(reason, _("Say why you take the verification back."))
    with act(by, "record.verify", person.study, person.site, reason=reason):
        Verification.objects.filter(pk=verification.pk, voided_at=None).update(voided_at=timezone.now())


def sign(
    participant: "Participant", visit: "Visit | None", *, by: User, meaning: str, shown: str | None = None
) -> Signature:
    """Sign a visit, or the casebook when `visit` is None. The password was confirmed just now in the session of this
    request: the database asks for it.

    `shown`: the hash (selectors.content_sha256) of what the person read; None when nobody read a page. Raises
    Conflict when it is not what would be signed, and ValidationError while a blocking query is open, the visit has
    not taken place, or visits of the casebook are unsigned.
    """
    meaning = _said(meaning, _("Choose what your signature means."))
    with act(by, "record.sign", participant.study, participant.site, reason=meaning):
        _check_signable(participant, visit)
        try:
            with transaction.atomic():
                signature = Signature(participant=participant, visit=visit, meaning=meaning, signed_by=by)
                signature.signed_at = timezone.now()
                signature.save(force_insert=True)
        except IntegrityError:
            raise ValidationError(_("You have signed this already; nothing has changed since.")) from None
        except DatabaseError as error:
            raise refusal_of(error, participant, by) from error
        signature.refresh_from_db()
        if shown is not None and signature.content_sha256 != shown:
            raise Conflict(participant)
    return signature


def sign_series(
    participant: "Participant", shown: Mapping[int | None, str], *, by: User, meaning: str
) -> list[Signature]:
    """Sign several records of a participant that were read in one sitting: all of them, or none.

    `shown`: by visit (None: the casebook, signed last) the hash of what was read. The caller has just confirmed the
    password: a series of signings in one continuous session needs it once (21 CFR 11.200(a)(1)(i)). Each record gets
    a signature of its own. Raises what `sign` raises, each ValidationError naming its visit, all of them at once.
    """
    visits = {visit.pk: visit for visit in participant.visits.filter(pk__in=[pk for pk in shown if pk])}
    records = [visits[pk] for pk in shown if pk in visits] + ([None] if None in shown else [])
    if not records:
        raise ValidationError(_("Mark what you sign."))
    signatures, problems = [], []
    with transaction.atomic():
        for visit in records:
            try:
                read = shown[visit.pk if visit else None]
                signatures.append(sign(participant, visit, by=by, meaning=meaning, shown=read))
            except ValidationError as error:
                name = _named(visit) if visit else _("Casebook")
                problems += [f"{name}: {message}" for message in error.messages]
        if problems:
            raise ValidationError(problems)
    return signatures


def _named(visit: "Visit") -> str:
    if visit.period is None:
        return str(visit)
    return _("period %(n)d, %(visit)s") % {"n": visit.period.number, "visit": visit}


def _check_signable(participant: "Participant", visit: "Visit | None") -> None:
    asked = Query.objects.blocking().filter(participant=participant)
    if visit is not None:
        if visit.status == "planned":
            raise ValidationError(_("This visit has not taken place; there is nothing to sign yet."))
        asked = asked.filter(visit=visit)
    elif unsigned := _unsigned(participant):
        raise ValidationError(
            _("Sign the visits first: %(visits)s.") % {"visits": "; ".join(map(_named, unsigned))}
        )
    if n := asked.count():
        raise ValidationError(
            _("Queries that must be closed before signing: %(n)d. Have them answered and closed.") % {"n": n}
        )


def _unsigned(participant: "Participant") -> list["Visit"]:
    signed = Signature.objects.filter(participant=participant, voided_at=None).exclude(visit=None)
    visits = participant.visits.exclude(status="planned").select_related("period")
    return list(visits.exclude(pk__in=signed.values("visit")))


def lock(
    study: Study,
    participant: "Participant | None" = None,
    visit: "Visit | None" = None,
    *,
    by: User,
    reason: str,
) -> Lock:
    """Lock a visit, a participant, or the study: the database then refuses every change of it."""
    reason = _said(reason, _("Say why you lock it."))
    action, site = ("record.lock", participant.site) if participant else ("study.lock", None)
    with act(by, action, study, site, reason=reason):
        signed = Signature.objects.filter(participant=participant, visit=visit, voided_at=None)
        if participant is not None and not signed.exists():
            raise ValidationError(_("Only what is signed can be locked. Have an investigator sign it first."))
        try:
            with transaction.atomic():
                return Lock.objects.create(
                    study=study, participant=participant, visit=visit, reason=reason, locked_by=by
                )
        except IntegrityError:
            raise ValidationError(_("This is locked already.")) from None


def request_unlock(lock: Lock, *, by: User, reason: str) -> UnlockRequest:
    """Ask that a lock be opened; somebody else decides."""
    reason = _said(reason, _("Say what has to be changed, and why."))
    with act(by, *_where(lock, "unlock.request"), reason=reason):
        try:
            with transaction.atomic():
                return UnlockRequest.objects.create(lock=lock, reason=reason, requested_by=by)
        except IntegrityError:
            raise ValidationError(
                _("Somebody has asked for this already; it waits for a decision.")
            ) from None


def decide_unlock(request: UnlockRequest, *, by: User, approved: bool, reason: str) -> UnlockRequest:
    """Approve or refuse: never the person who asked. An approval holds for 24 hours."""
    reason = _said(reason, _("Say why you decide so."))
    with act(by, *_where(request.lock, "unlock.decide"), reason=reason):
        saved = UnlockRequest.objects.select_for_update().get(pk=request.pk)
        if saved.approved is not None:
            raise ValidationError(_("This request is decided already."))
        if saved.requested_by_id == by.pk:
            raise ValidationError(_("You asked for this yourself; somebody else has to decide."))
        saved.approved, saved.decision_reason, saved.decided_by = approved, reason, by
        saved.save(force_update=True)
    saved.refresh_from_db()
    return saved


def end_unlock(request: UnlockRequest, *, by: User) -> None:
    """Close the lock again before the 24 hours are over."""
    with act(by, *_where(request.lock, "unlock.request"), reason=_("locked again")):
        UnlockRequest.objects.filter(pk=request.pk, approved=True, ended_at=None).update(
            ended_at=timezone.now()
        )


def _where(lock: Lock, action: str) -> tuple[str, Study, Site | None]:
    """The lock of a whole study is opened by people of the whole study."""
    if lock.participant is None:
        return "study.unlock", lock.study, None
    return action, lock.study, lock.participant.site


def _turn(
    query: Query, action: str, kind: Kind, asked: set[Query.Status], then: Query.Status, by: User, text: str
) -> Query:
    """One turn of the conversation: allowed only from one of the states `asked`."""
    text = _said(text, _("Write what you have to say."))
    person = query.participant
    with act(by, action, person.study, person.site, reason=text):
        saved = Query.objects.select_for_update().get(pk=query.pk)
        if saved.status not in asked:
            raise ValidationError(
                _("This query is %(state)s by now. Reload to see what was said.")
                % {"state": saved.get_status_display().lower()}
            )
        _move(saved, then)
        _say(saved, kind, text, by)
    return saved


def _move(query: Query, status: Query.Status) -> None:
    query.status = status
    query.closed_at = timezone.now() if status == Query.Status.CLOSED else None
    query.version += 1
    query.save(force_update=True)


def _say(query: Query, kind: Kind, text: str, by: User | None) -> None:
    QueryMessage.objects.create(
        query=query, participant_id=query.participant_id, kind=kind, text=text, written_by=by
    )


def _said(text: str, otherwise: str) -> str:
    if not text.strip():
        raise ValidationError({"text": otherwise})
    return text.strip()
