"""What the dashboards show. They read stored outcomes and figures; nothing is derived here but proportions."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from analysis.domain.intervals import clopper_pearson
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
            "look": _look(figures),
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


def _look(figures: dict[str, Any]) -> str:
    """All that blinded people are told of interim looks."""
    due = [look for look in figures["looks"] if look["due"]]
    if not figures["looks"]:
        return _("No interim look is planned.")
    if due:
        return _("Look %(n)d is due: %(have)d completers, %(need)d were planned.") % {
            "n": due[-1]["number"], "have": figures["completers"], "need": due[-1]["completers"],
        }  # fmt: skip
    following = figures["looks"][0]
    return _("No look due: %(have)d of %(need)d completers.") % {
        "have": figures["completers"],
        "need": following["completers"],
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


def board_page(study: Study, found: dict[str, Any] | None) -> dict[str, Any]:
    """Context of the closed report from what the database gave."""
    page: dict[str, Any] = {"study": study, "report": found, "rules": study.protocols.latest().rules}
    if found:
        page["serial"] = found["serial"]
        labels = {arm["code"]: arm["label"] for arm in found["arms"]}
        page["labels"] = labels
        page["arms"] = [
            {
                **arm,
                "response": proportion(arm["responders"], arm["n"]),
                "remission": proportion(arm["remitters"], arm["n"]),
            }
            for arm in found["arms"]
        ]
        page["among"] = [
            {
                "label": labels[group["arm"]],
                "n": group["n"],
                "arms": [{**row, "label": labels[row["arm"]]} for row in group["arms"]],
            }
            for group in found.get("among_responders", [])
            if group["n"]
        ]
        monitoring = found.get("monitoring")
        if monitoring:
            page["compared"] = [labels.get(code, code) for code in monitoring["compare"]]
            names = {
                "lan_demets_obf": _("Lan–DeMets, O’Brien–Fleming-like"),
                "lan_demets_pocock": _("Lan–DeMets, Pocock-like"),
                "pocock": "Pocock",
                "obrien_fleming": _("O’Brien–Fleming"),
                "haybittle_peto": _("Haybittle–Peto"),
            }
            page["boundaries"] = [
                {
                    "name": names[name],
                    "value": value,
                    "crossed": monitoring["z"] >= value,
                    "planned": name == monitoring["spending"],
                }
                for name, value in monitoring.get("boundaries", {}).items()
            ]
    return page
