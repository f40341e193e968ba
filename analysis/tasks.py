"""What wakes the workers. No task carries data of a trial: what is pending stands in the outbox."""

from typing import Any

# Loaded before the pool forks: no save waits for it (derivation_read.py).
import pandas  # noqa: F401

from analysis.dashboard.services import owe_outdated_figures, summarise, summarise_again
from analysis.outcomes.services import recompute
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import process_outbox, process_partitions
from trialsite.celery import app


@app.task(name="analysis.sweep", bind=True)  # type: ignore[untyped-decorator]
def sweep(task: Any) -> None:
    """What is pending for the blinded worker: outcomes first, then the figures that rest on them."""
    process_outbox(Outbox.Kind.RECOMPUTE, lambda ids: recompute(ids, task_id=task.request.id or ""))
    owe_outdated_figures()
    process_outbox(Outbox.Kind.SUMMARY, summarise)


@app.task(name="analysis.refresh")  # type: ignore[untyped-decorator]
def refresh() -> None:
    """Figures that change with the day, without a save: overdue visits."""
    summarise_again()


@app.task(name="closed.sweep")  # type: ignore[untyped-decorator]
def closed_sweep() -> None:
    """What is pending for the unblinded worker: allocation lists, the kits that the sites' stocks have for them, then the
    closed reports."""
    # Here, for the statistics take seconds to load, and the blinded worker never needs them.
    from analysis.allocation.services import supply
    from analysis.monitoring.services.closed import generate_lists, report, report_partitions

    process_outbox(Outbox.Kind.ALLOCATION, generate_lists)
    process_outbox(Outbox.Kind.SUPPLY, supply)
    process_partitions(Outbox.Kind.REPORT, report, report_partitions)


@app.task(name="analysis.simulate")  # type: ignore[untyped-decorator]
def simulate(run: str, protocol: int, request: dict[str, Any], unit: dict[str, int]) -> None:
    """Draw simulated trials of a design for a run that waits for them."""
    from analysis.design import simulating

    simulating.answer(run, protocol, request, unit)
