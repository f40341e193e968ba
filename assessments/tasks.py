"""What wakes the workers. No task carries data of a trial: which imports wait stands in the outbox."""

from collections.abc import Sequence

from assessments.importing.services import process
from assessments.models import RatingImport, SafetyAlert
from assessments.safety.services import escalate, send_alert_mail, send_escalation_mail
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import process_partitions
from trialsite.celery import app


@app.task(name="assessments.imports")  # type: ignore[untyped-decorator]
def imports() -> None:
    """One import a transaction, of one study one at a time; one of a worker that was killed is there again."""
    process_partitions(Outbox.Kind.IMPORT, process, _by_study)


@app.task(name="assessments.safety")  # type: ignore[untyped-decorator]
def safety() -> None:
    """Alerts that have waited for too long are escalated; each mail that is owed is sent in a transaction of its own."""
    escalate()
    process_partitions(Outbox.Kind.ALERT, send_alert_mail, _by_site)
    process_partitions(Outbox.Kind.ESCALATION, send_escalation_mail, _by_site)


def _by_site(alerts: Sequence[int]) -> Sequence[tuple[int, int]]:
    return list(SafetyAlert.objects.filter(pk__in=alerts).order_by("pk").values_list("pk", "site_id"))


def _by_study(imports: Sequence[int]) -> Sequence[tuple[int, int]]:
    return list(RatingImport.objects.filter(pk__in=imports).order_by("pk").values_list("pk", "study_id"))
