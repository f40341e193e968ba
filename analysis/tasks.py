"""What the bell wakes. No task carries data of a trial: what is owed stands in the outbox."""

from typing import Any

# Loaded before the pool forks: no save waits for it (derivation_read.py).
import pandas  # noqa: F401

from analysis.services import recompute, summarise
from analysis.services.summary import summarise_again
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import drain, drain_apart
from trialsite.celery import app


@app.task(name="analysis.sweep", bind=True)  # type: ignore[untyped-decorator]
def sweep(task: Any) -> None:
    """Pay what the blinded worker owes: outcomes first, then the figures that rest on them."""
    drain(Outbox.Kind.RECOMPUTE, lambda ids: recompute(ids, task_id=task.request.id or ""))
    drain(Outbox.Kind.SUMMARY, summarise)


@app.task(name="analysis.refresh")  # type: ignore[untyped-decorator]
def refresh() -> None:
    """Figures that change with the day, without a save: overdue visits."""
    summarise_again()


@app.task(name="closed.sweep")  # type: ignore[untyped-decorator]
def closed_sweep() -> None:
    """Pay what the unblinded worker owes: allocation lists, then the closed reports."""
    # Here, for the statistics take seconds to load, and the blinded worker never needs them.
    from analysis.services.closed import generate_lists, report, report_lanes

    drain(Outbox.Kind.ALLOCATION, generate_lists)
    drain_apart(Outbox.Kind.REPORT, report, report_lanes)


@app.task(name="analysis.simulate")  # type: ignore[untyped-decorator]
def simulate(run: str, protocol: int, asked: dict[str, Any], unit: dict[str, int]) -> None:
    """Draw simulated trials of a design for a run that waits for them."""
    from analysis import simulating

    simulating.answer(run, protocol, asked, unit)
