"""Which parts of a participant's page stand open: what has to be done now, or is asked about. The rest is one line."""

from typing import Any

from enrollment.models import Participant, Visit

IN_SCREENING = {Participant.Status.SCREENING, Participant.Status.ELIGIBLE, Participant.Status.SCREEN_FAILED}


def unfolded(context: dict[str, Any]) -> set[str]:
    """Of a participant's page as it is about to be shown; counts what the folded headings say on the way."""
    open_ = set()
    if context["participant"].status in IN_SCREENING:
        open_ |= {"eligibility", "screening"}
    if context["otherwise"]:
        open_.add("eligibility")
    for row in context["casebook"]:
        row["waiting"] = sum(query.status != query.Status.CLOSED for query in row["queries"])
        if row["waiting"]:
            open_.add(row["code"])
    for row in context["periods"]:
        visits = [item["visit"] for item in row["visits"]]
        row["number"] = str(row["period"].number)
        row["done"] = sum(visit.status == Visit.Status.DONE for visit in visits)
        row["overdue"] = sum(item["state"] == "overdue" for item in row["visits"])
        row["settled"] = all(visit.status != Visit.Status.PLANNED for visit in visits)
    waiting = (row["number"] for row in context["periods"] if not row["settled"])
    if context["followed"] and (number := next(waiting, None)):
        open_.add(f"period-{number}")
    return open_
