"""Importing a file from the browser: uploaded, checked by a worker, confirmed with a reason, carried out by a worker.

People change the state of an import; the worker takes it on by the outbox. Both lock its row before they change the
state: of a cancellation and a commit at the same moment one comes first, and the other sees it.
"""

import hashlib
import io
from collections.abc import Sequence
from contextlib import suppress

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.domain.longform import read_rows
from assessments.importing.importer import Importer
from assessments.importing.progress import ImportStopped, Progress
from assessments.models import ImportFile, RatingImport
from trialsite.accounts.context import audit_context, authorised_change
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue
from trialsite.lib.errors import Conflict

Status = RatingImport.Status
ACTION = "data.import"


def upload(study: Study, *, by: User, file_name: str, content: bytes, enrols: bool) -> RatingImport:
    """Keep a file and have it checked. `enrols`: participants not yet known, in a study that randomises nobody."""
    with authorised_change(by, ACTION, study, reason="file uploaded"):
        rating_import = RatingImport.objects.create(
            study=study,
            file_name=file_name[:200],
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            enrols=enrols,
            uploaded_by=by,
        )
        ImportFile.objects.create(of=rating_import, content=content)
        enqueue(Outbox.Kind.IMPORT, [rating_import.pk])
    return rating_import


def confirm(rating_import: RatingImport, *, by: User, basis: str, reason: str) -> None:
    """Have what was checked carried out. `basis`: of the preview that was read. Raises Conflict for another one."""
    with authorised_change(by, ACTION, rating_import.study, reason=reason):
        locked = _locked(rating_import)
        if not locked.can_be_confirmed or locked.basis != basis:
            raise Conflict(locked)
        locked.status, locked.reason = Status.CONFIRMED, reason.strip()
        locked.confirmed_by, locked.confirmed_at = by, timezone.now()
        locked.save(update_fields=["status", "reason", "confirmed_by", "confirmed_at"])
        enqueue(Outbox.Kind.IMPORT, [locked.pk])


def check_again(rating_import: RatingImport, *, by: User) -> None:
    """What is saved has changed since, or will be found changed. Raises Conflict unless it waits for somebody."""
    with authorised_change(by, ACTION, rating_import.study, reason="check again"):
        locked = _locked(rating_import)
        if locked.status not in {Status.CHECKED, Status.REFUSED}:
            raise Conflict(locked)
        locked.status, locked.refusal, locked.finished_at = Status.CHECKING, "", None
        locked.save(update_fields=["status", "refusal", "finished_at"])
        enqueue(Outbox.Kind.IMPORT, [locked.pk])


def cancel(rating_import: RatingImport, *, by: User) -> None:
    """Import nothing of it, and forget the file. Raises Conflict once it is imported."""
    with authorised_change(by, ACTION, rating_import.study, reason="import cancelled"):
        locked = _locked(rating_import)
        if not locked.is_open:
            raise Conflict(locked)
        locked.status, locked.finished_at = Status.CANCELLED, timezone.now()
        locked.save(update_fields=["status", "finished_at"])
        ImportFile.objects.filter(of=locked).update(content=b"", problems=[], changes=[])


def process(imports: Sequence[int]) -> None:
    """The worker's part, by ids: check what was uploaded, carry out what was confirmed; nothing of what was cancelled."""
    for rating_import in RatingImport.objects.filter(pk__in=imports).select_related(
        "study", "file", "confirmed_by"
    ):
        with suppress(ImportStopped):
            if rating_import.status == Status.CHECKING:
                _check(rating_import)
            elif rating_import.status == Status.CONFIRMED:
                _carry_out(rating_import, rating_import.confirmed_by or rating_import.uploaded_by)


def _check(rating_import: RatingImport) -> None:
    importer, file = _opened(rating_import)
    rows = read_rows(file, None, importer.instruments)
    plan = importer.plan(rows, progress=Progress(rating_import, file))
    with audit_context(User.objects.system(), reason="file checked"):
        locked = _locked(rating_import, Status.CHECKING)
        locked.status, locked.counts, locked.basis = Status.CHECKED, plan.counts, plan.basis
        locked.save(update_fields=["status", "counts", "basis"])
        ImportFile.objects.filter(of=locked).update(
            problems=[[each.line, each.column, each.value, each.reason] for each in plan.problems],
            changes=[change.as_json() for change in plan.changes],
        )


def _carry_out(rating_import: RatingImport, by: User) -> None:
    """All of it and that it is imported, or nothing of it and why not."""
    try:
        # Whoever confirmed it may have lost the role since.
        with authorised_change(by, ACTION, rating_import.study, reason=rating_import.reason):
            importer, file = _opened(rating_import)
            importer.carry_out(
                read_rows(file, None, importer.instruments),
                rating_import.basis,
                by=by,
                reason=f"{rating_import.reason} (file SHA-256 {rating_import.sha256[:16]})",
                progress=Progress(rating_import, file),
            )
            # Last, for from here on a cancellation waits, and so does whoever writes into the study's own trail.
            locked = _locked(rating_import, Status.CONFIRMED)
            locked.status, locked.finished_at = Status.IMPORTED, timezone.now()
            locked.save(update_fields=["status", "finished_at"])
    except Conflict:
        _refuse(rating_import, _("Data of this study have been saved since the file was checked."))
    except ValidationError as refused:
        _refuse(rating_import, " ".join(refused.messages))
    except PermissionDenied:
        _refuse(rating_import, _("The user who confirmed it may no longer import into this study."))


def _refuse(rating_import: RatingImport, why: str) -> None:
    with audit_context(User.objects.system(), reason="import refused"):
        locked = _locked(rating_import, Status.CONFIRMED)
        locked.status, locked.refusal, locked.finished_at = Status.REFUSED, why, timezone.now()
        locked.save(update_fields=["status", "refusal", "finished_at"])


def _opened(rating_import: RatingImport) -> tuple[Importer, io.BytesIO]:
    importer = Importer(rating_import.study, create_participants=rating_import.enrols)
    return importer, io.BytesIO(rating_import.file.content)


def _locked(rating_import: RatingImport, status: str = "") -> RatingImport:
    """Its row as it is now, until the transaction ends. Raises Stopped when it is not in `status`."""
    locked = RatingImport.objects.select_for_update(of=("self",)).get(pk=rating_import.pk)
    if status and locked.status != status:
        raise ImportStopped
    return locked
