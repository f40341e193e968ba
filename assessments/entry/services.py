"""The only writers of records: record, correct, strike out, reinstate, and keep drafts."""

import uuid
from collections.abc import Mapping

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.deviations.services import settle_deviations
from assessments.domain.evaluate import Evaluation
from assessments.domain.form import Form
from assessments.entry.checking import apart_text, evaluation_of, only_adds, problems_of
from assessments.entry.codec import RecordEntry, entry_of, put
from assessments.entry.dosing import date_dosing
from assessments.entry.effects import apply_effects
from assessments.entry.selectors import FormPlace, drafts_at, is_readable, kept_apart
from assessments.models import Record, RecordDraft
from assessments.safety.services import raise_record_alerts
from enrollment.models import Participant, Visit
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.accounts.policy import authorise
from trialsite.audit.models import Event, Outbox
from trialsite.audit.outbox import enqueue
from trialsite.lib.errors import Conflict
from trialsite.lib.visible import is_visible
from trialsite.review.models import Query
from trialsite.review.services import Finding, Place, settle_findings

# Checks that every form has, besides its own.
OWN_CHECKS = ("usual", "not_shown")


def save_record(
    place: FormPlace,
    entry: RecordEntry,
    *,
    by: User,
    form_token: uuid.UUID,
    reason: str = "",
    unfinished: bool = False,
) -> Record:
    """Save a new record at `place`: the only one there, or one more row. `reason`: where it comes from, if not from a page.
    `unfinished`: the rest of the form follows, step by step.

    A second send of the same page (`form_token`) returns the record that it made. Raises ValidationError by field, and
    Conflict when somebody else has filled in the form meanwhile, or the same page was saved with other values.
    """
    participant = place.participant
    new = Record(
        participant=participant,
        visit=place.visit,
        definition=place.definition,
        form=place.form.code,
        entered_by=by,
        form_token=form_token,
    )
    try:
        why = reason or _("entered")
        with authorised_change(by, "assessment.enter", participant.study, participant.site, reason=why):
            evaluation = _checked(place, entry, unfinished=unfinished)
            _check_open(place)
            _check_apart(place, by)
            put(entry, evaluation.calculated, new)
            new.status = _status(entry, evaluation)
            new.repeat_key = _next_key(place) if place.form.repeats else None
            new.save(force_insert=True)
            _settle(new, place, evaluation, _findings(evaluation, place.form), by, reason)
    except IntegrityError:
        saved = _sent_or_first(place, form_token)
        if saved is None:
            raise
        if saved.form_token == form_token and _says_the_same(saved, new):
            return saved
        raise Conflict(saved) from None
    return new


def correct_record(
    saved: Record,
    place: FormPlace,
    entry: RecordEntry,
    *,
    by: User,
    version: int,
    reason: str,
    unfinished: bool = False,
) -> Record:
    """Change a saved record, by the version of its form that it was entered under. A second send of the same change, whose
    answer was lost, returns what it made. `unfinished`: the form is filled in step by step, and what was blank gets its
    value without a reason.

    Raises Conflict when `version` is not the saved one, ValidationError by field.
    """
    participant = place.participant
    _check_author(saved, by)
    adds = unfinished and only_adds(saved, entry)
    why = reason or (_("entered") if adds else "")
    with authorised_change(by, "assessment.enter", participant.study, participant.site, reason=why):
        evaluation = _checked(place, entry, saved.repeat_key, reason=why, unfinished=unfinished)
        current = Record.objects.select_for_update().get(pk=saved.pk)
        changed = Record.objects.get(pk=saved.pk)
        put(entry, evaluation.calculated, changed)
        changed.status = _status(entry, evaluation)
        if current.version != version:
            if current.version == version + 1 and _was_sent_before(current, changed, by, why):
                return current
            raise Conflict(current)
        if current.status == Record.Status.STRUCK_OUT:
            raise ValidationError(_("This row is struck out. Reinstate it before you change it."))
        _check_open(place)
        changed.version = version + 1
        changed.save(force_update=True)
        findings = _still_asked(current, changed, place, _findings(evaluation, place.form))
        _settle(changed, place, evaluation, findings, by, reason)
    return changed


def strike_out_record(saved: Record, place: FormPlace, *, by: User, version: int, reason: str) -> Record:
    """The row should not be there: it stays readable, marked, and counts for nothing; its open queries of checks close."""
    return _set_aside(saved, place, Record.Status.STRUCK_OUT, by=by, version=version, reason=reason)


def reinstate_record(saved: Record, place: FormPlace, *, by: User, version: int, reason: str) -> Record:
    """A row that was struck out counts again, as it stands."""
    return _set_aside(saved, place, Record.Status.COMPLETE, by=by, version=version, reason=reason)


def _set_aside(
    saved: Record, place: FormPlace, status: Record.Status, *, by: User, version: int, reason: str
) -> Record:
    participant = place.participant
    if not place.form.repeats:
        raise ValidationError(_("Only rows of a form that has several are struck out."))
    _check_author(saved, by)
    if not is_visible(reason):
        raise ValidationError({"reason": _("Say why, for the audit trail.")})
    with authorised_change(by, "assessment.enter", participant.study, participant.site, reason=reason):
        current = Record.objects.select_for_update().get(pk=saved.pk)
        struck_out = status == Record.Status.STRUCK_OUT
        if current.version != version or (current.status == Record.Status.STRUCK_OUT) == struck_out:
            raise Conflict(current)
        evaluation = evaluation_of(place, entry_of(current, place.form), current.repeat_key)
        current.status = status if struck_out else _status(entry_of(current, place.form), evaluation)
        current.status_reason = reason.strip() if struck_out else ""
        current.version = version + 1
        current.save(force_update=True)
        if not struck_out:
            raise_record_alerts(current, place.form, evaluation.alerts)
        settle_findings(
            _place(current, place),
            # What was answered before the row was struck out is not asked again.
            [] if struck_out else [f for f in _findings(evaluation, place.form) if not f.comment],
            checks=_check_ids(place.form),
            by=by,
        )
        apply_effects(current, place, by)
        settle_deviations([participant.pk], by=by)
    return current


def keep_record_draft(
    place: FormPlace, repeat_key: int | None, text: Mapping[str, str], *, by: User, form_token: str = ""
) -> RecordDraft | None:
    """Keep what was typed so far. Not trial data: no audit, no reason, replaced by the next.

    `form_token`: of the page of a new record. None, and nothing kept, when that page has been saved meanwhile: its draft
    would come back as a row that is there already.
    """
    participant = place.participant
    authorise(by, "assessment.enter", participant.study, participant.site)
    if form_token and _is_saved(place, form_token):
        return None
    draft, _made = RecordDraft.objects.update_or_create(
        user=by,
        participant=participant,
        visit=place.visit,
        form=place.form.code,
        repeat_key=repeat_key,
        defaults={"fields": dict(text), "saved_at": timezone.now()},
    )
    return draft


def _is_saved(place: FormPlace, form_token: str) -> bool:
    try:
        token = uuid.UUID(form_token)
    except ValueError:
        return False
    return Record.objects.filter(participant=place.participant, form_token=token).exists()


def discard_record_draft(place: FormPlace, repeat_key: int | None, *, by: User) -> None:
    drafts_at(place, repeat_key, by).delete()


def _checked(
    place: FormPlace,
    entry: RecordEntry,
    repeat_key: int | None = None,
    *,
    reason: str | None = None,
    unfinished: bool = False,
) -> Evaluation:
    evaluation = evaluation_of(place, entry, repeat_key)
    if problems := problems_of(place, entry, evaluation, reason=reason, unfinished=unfinished):
        raise ValidationError(problems)
    return evaluation


def _check_open(place: FormPlace) -> None:
    """A new row takes its key, and a missed visit has no records; both while nobody else changes the participant."""
    Participant.objects.select_for_update().get(pk=place.participant.pk)
    if place.visit and Visit.objects.filter(pk=place.visit.pk, status=Visit.Status.MISSED).exists():
        raise ValidationError(_("This visit is marked as missed. Take that back before you enter anything."))


def _check_author(saved: Record, by: User) -> None:
    """Nobody corrects what they may not read."""
    if not is_readable(saved, by):
        raise PermissionDenied


def _check_apart(place: FormPlace, by: User) -> None:
    """Of two forms one person fills in one. Asked behind the lock of the participant, so that two at once wait."""
    if other := kept_apart(place, by):
        raise ValidationError(apart_text(other))


def _next_key(place: FormPlace) -> int:
    rows = Record.objects.filter(participant=place.participant, visit=place.visit, form=place.form.code)
    return (rows.aggregate(last=Max("repeat_key"))["last"] or 0) + 1


def _status(entry: RecordEntry, evaluation: Evaluation) -> Record.Status:
    if entry.not_done_reason:
        return Record.Status.NOT_DONE
    answered = all(code in entry.values for code in evaluation.required)
    return Record.Status.COMPLETE if answered else Record.Status.INCOMPLETE


def _still_asked(before: Record, after: Record, place: FormPlace, findings: list[Finding]) -> list[Finding]:
    """Without what was asked about the same values before, and is settled: nothing is asked twice."""
    asked_before = evaluation_of(place, entry_of(before, place.form), before.repeat_key).findings
    fired = {(finding.item, finding.check) for finding in asked_before}
    still_open = set(
        Query.objects.open()
        .filter(
            participant=place.participant,
            visit=place.visit,
            form=place.form.code,
            repeat_key=before.repeat_key,
        )
        .values_list("field", "check_id")
    )
    return [
        finding
        for finding in findings
        if (finding.field, finding.check_id) not in fired
        or (finding.field, finding.check_id) in still_open
        or before.items.get(finding.field) != after.items.get(finding.field)
    ]


def _settle(
    saved: Record,
    place: FormPlace,
    evaluation: Evaluation,
    findings: list[Finding],
    by: User,
    reason: str,
) -> None:
    """What a saved record brings with it: the dosing has its day, its effects, alerts are raised, soft checks ask, drafts
    go, and guesses of the treatment are counted anew. `reason`: as it was typed."""
    date_dosing(saved, place, by=by, reason=reason)
    done = saved.status != Record.Status.NOT_DONE
    apply_effects(saved, place, by)
    if done:
        raise_record_alerts(saved, place.form, evaluation.alerts)
    settle_findings(_place(saved, place), findings if done else [], checks=_check_ids(place.form), by=by)
    if place.form.treatment_guess:
        enqueue(Outbox.Kind.REPORT, [place.participant.study_id])
    settle_deviations([place.participant.pk], by=by)
    discard_record_draft(place, None if saved.version == 1 else saved.repeat_key, by=by)


def _place(saved: Record, place: FormPlace) -> Place:
    return Place(place.participant, place.visit, place.form.code, repeat_key=saved.repeat_key)


def _findings(evaluation: Evaluation, form: Form) -> list[Finding]:
    """What to ask; of a form that its author alone reads nothing, for others read queries."""
    if form.withheld:
        return []
    return [
        Finding(
            finding.check,
            str(finding.version),
            finding.item,
            _(finding.message) % finding.params if finding.params else _(finding.message),
            finding.comment,
        )
        for finding in evaluation.findings
    ]


def _check_ids(form: Form) -> tuple[str, ...]:
    return (*OWN_CHECKS, *(check.id for check in form.checks))


def _sent_or_first(place: FormPlace, form_token: uuid.UUID) -> Record | None:
    """The record that the same page made, or of a form that is filled in once, whoever made it."""
    rows = Record.objects.filter(participant=place.participant, visit=place.visit, form=place.form.code)
    return rows.filter(form_token=form_token).first() or (None if place.form.repeats else rows.first())


SAID = ("items", "missing", "comments", "status", "status_reason", "performed_on")


def _says_the_same(saved: Record, other: Record) -> bool:
    return all(getattr(saved, name) == getattr(other, name) for name in SAID)


def _was_sent_before(saved: Record, changed: Record, by: User, reason: str) -> bool:
    """Whether what is saved came of this very change: the same user, reason and values."""
    event = Event.objects.filter(
        chain=f"participant:{saved.participant_id}",
        table_name=Record._meta.db_table,
        row_pk=str(saved.pk),
    ).latest("n")
    return (event.actor, event.reason) == (by.pk, reason.strip()) and _says_the_same(saved, changed)
