"""Which charts a page shows, from the figures that it already has; and one chart as a file."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from analysis import charts
from analysis.chart_flow import Step, flow
from analysis.chart_shapes import Chart


def dashboard_charts(page: dict[str, Any]) -> list[Chart]:
    """Charts of the blinded dashboard from its context (`dashboard_page`); empty before the first figures."""
    figures = page.get("figures")
    if not figures:
        return []
    rules = page["rules"]
    shown = [
        _trajectories(page),
        flow([Step(row["label"], row["n"], bool(row.get("out"))) for row in page["flow"]]),
        _pooled(page),
        charts.enrolment(_cumulative(figures["enrolment"]), figures["planned"]),
    ]
    if rules.washout:
        limits = rules.washout
        shown.append(
            charts.washouts(
                [(days, count) for days, count in figures["washouts"]],
                minimum=limits.min_days,
                target=limits.target_days,
                maximum=limits.max_days,
            )
        )
    code = page["study"].code
    return [
        replace(
            chart,
            csv_url=reverse("chart_download", args=[code, chart.slug, "csv"]),
            svg_url=reverse("chart_download", args=[code, chart.slug, "svg"]),
        )
        for chart in shown
    ]


def csv_file(chart: Chart) -> str:
    """The numbers of the chart, as its table has them."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([chart.columns, *chart.rows])
    return out.getvalue()


def svg_file(chart: Chart) -> str:
    """The chart as a file of its own, with the light colours in it."""
    sheets = "".join(
        Path(str(finders.find(name))).read_text(encoding="utf-8") for name in ("tokens.css", "chart.css")
    )
    return render_to_string(
        "analysis/_chart_svg.html", {"chart": chart, "style": sheets, "alone": True}
    ).strip()


def _trajectories(page: dict[str, Any]) -> Chart:
    rules = page["rules"]
    baseline = rules.endpoints.baseline_visit
    lines = [
        charts.Trajectory(
            person["code"], period["number"], {baseline: period["baseline"], **dict(period["totals"])}
        )
        for person in page["trajectories"]
        for period in person["periods"]
    ]
    return charts.trajectories(
        lines,
        [(visit.code, visit.label, visit.day) for visit in rules.visits],
        maximum=int(_ceiling([total for line in lines for total in line.totals.values()])),
        score=rules.endpoints.instrument,
        remission_max=rules.endpoints.remission_max,
    )


def _pooled(page: dict[str, Any]) -> Chart:
    names = ("response", "remission")
    return charts.proportions(
        _("Response and remission by day, treatments pooled"),
        _("Participant-periods with a baseline and this visit; exact (Clopper–Pearson) 95 % intervals."),
        [(row["label"], [charts.Proportion(**row[name]) for name in names]) for row in page["pooled"]],
        [_("response"), _("remission")],
    )


def _cumulative(enrolment: Sequence[Sequence[Any]]) -> list[tuple[date, int]]:
    total, found = 0, []
    for day, count in enrolment:
        total += count
        found.append((date.fromisoformat(day), total))
    return found


def _ceiling(values: Sequence[float | None]) -> float:
    """A round upper end for an axis: the next multiple of ten, at least 10."""
    highest = max((value for value in values if value is not None), default=0)
    return max(10, -(-highest // 10) * 10)
