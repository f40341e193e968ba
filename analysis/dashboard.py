"""What the dashboards show. They read stored outcomes and figures; nothing is derived here but proportions."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from analysis.domain.intervals import clopper_pearson
from analysis.looks import look_sentence
from analysis.models import Outcome, StudySummary
from enrollment.models import Participant
from trialsite.accounts.models import Site, Study

TRAJECTORIES = 40


def serial_of(study: Study) -> int:
    """Grows with every computation of the study's figures: 0 before the first."""
    return StudySummary.objects.filter(study=study).values_list("serial", flat=True).first() or 0


def dashboard_page(study: Study, sites: QuerySet[Site]) -> dict[str, Any]:
    """Context of the blinded dashboard: the study's pooled figures, and trajectories at `sites`."""
    summary = StudySummary.objects.filter(study=study).first()
    figures = summary.figures if summary else None
    rules = study.protocols.latest().rules
    page: dict[str, Any] = {
        "study": study,
        "summary": summary,
        "figures": figures,
        "rules": rules,
        "serial": serial_of(study),
    }
    if figures:
        page |= {
            "headline": _headline(figures),
            "flow": _flow(figures),
            "pooled": [_with_intervals(row) for row in figures["pooled"]],
            "washout": _washout(figures["washouts"]),
            "look": look_sentence(study, figures["looks"], figures["completers"]),
            "trajectories": _trajectories(study, sites),
        }
    return page


def proportion(count: int, n: int) -> dict[str, Any]:
    """A count with its denominator, percentage and exact 95 % interval."""
    low, high = clopper_pearson(count, n) if n else (None, None)
    return {
        "count": count,
        "n": n,
        "percent": 100 * count / n if n else None,
        "low": None if low is None else 100 * low,
        "high": None if high is None else 100 * high,
    }


def _headline(figures: dict[str, Any]) -> list[dict[str, Any]]:
    primary: dict[str, Any] = (
        figures["pooled"][0] if figures["pooled"] else {"n": 0, "responders": 0, "remitters": 0, "label": ""}
    )
    primary = next((row for row in figures["pooled"] if row.get("primary")), primary)
    response, remission = (proportion(primary[key], primary["n"]) for key in ("responders", "remitters"))
    return [
        {"name": _("Randomised"), "value": figures["randomised"], "of": _("of %(n)d planned") % {"n": figures["planned"]}},
        {"name": _("Completers"), "value": figures["completers"], "of": _("evaluable in every period")},
        {"name": _("Response, %(visit)s") % {"visit": primary["label"]}, "proportion": response,
         "of": _("participant-periods, all treatments pooled")},
        {"name": _("Remission, %(visit)s") % {"visit": primary["label"]}, "proportion": remission,
         "of": _("participant-periods, all treatments pooled")},
    ]  # fmt: skip


def _flow(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """CONSORT counts for a crossover: from screening through each period."""
    status = figures["status"]
    rows = [
        {"label": _("Screened"), "n": figures["screened"]},
        {"label": _("Screen failures"), "n": status.get("screen_failed", 0), "out": True},
        {
            "label": _("Still in screening, or eligible"),
            "n": status.get("screening", 0) + status.get("eligible", 0),
            "out": True,
        },
        {"label": _("Randomised"), "n": figures["randomised"]},
    ]
    for period in figures["periods"]:
        rows.append(
            {"label": _("Period %(n)d: treatment given") % {"n": period["number"]}, "n": period["dosed"]}
        )
        rows.append(
            {"label": _("Period %(n)d: evaluable") % {"n": period["number"]}, "n": period["evaluable"]}
        )
        if period["without_baseline"]:
            label = _("Period %(n)d: rated but not evaluable, no baseline") % {"n": period["number"]}
            rows.append({"label": label, "n": period["without_baseline"], "out": True})
    rows.append({"label": _("Withdrawn"), "n": status.get("withdrawn", 0), "out": True})
    rows.append({"label": _("Completers: evaluable in every period"), "n": figures["completers"]})
    return rows


def _with_intervals(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "response": proportion(row["responders"], row["n"]),
        "remission": proportion(row["remitters"], row["n"]),
    }


def _washout(counts: list[list[int]]) -> dict[str, Any]:
    n = sum(count for _days, count in counts)
    mean = sum(days * count for days, count in counts) / n if n else None
    return {
        "n": n,
        "mean": mean,
        "low": counts[0][0] if n else None,
        "high": counts[-1][0] if n else None,
        "counts": counts,
    }


def _trajectories(study: Study, sites: QuerySet[Site]) -> list[dict[str, Any]]:
    """The participants seen last, at `sites`: totals by visit over the periods."""
    people = list(
        Participant.objects.filter(study=study, site__in=sites, outcomes__isnull=False)
        .order_by("-randomised_at", "code").distinct()[:TRAJECTORIES]
    )  # fmt: skip
    outcomes: dict[int, list[Outcome]] = {}
    for outcome in Outcome.objects.filter(participant__in=people).order_by("period"):
        outcomes.setdefault(outcome.participant_id, []).append(outcome)
    return [
        {
            "code": person.code,
            "periods": [
                {
                    "number": outcome.period,
                    "baseline": outcome.baseline,
                    "totals": [(code, seen["total"]) for code, seen in outcome.visits.items()],
                    "response": outcome.response,
                    "remission": outcome.remission,
                    "outcome": outcome,
                }
                for outcome in outcomes.get(person.pk, [])
            ],
        }
        for person in sorted(people, key=lambda one: one.code)
    ]
