"""Which charts a page shows, from the figures that it already has; and one chart as a file."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from analysis.blinded.figures import StudyFigures
from analysis.blinded.proportion import proportion
from analysis.charts import blinded as chart_blinded
from analysis.charts import plots
from analysis.charts.flow import flow
from analysis.charts.flow_text import enrolment_steps, period_steps
from analysis.charts.shapes import Chart
from analysis.charts.trajectories import Trajectory, VisitPlan, trajectories
from analysis.dashboard.page import DashboardFigures, DashboardPage, PooledRow
from analysis.dashboard.parts import ResponsePatterns
from analysis.domain.flow import from_rows
from analysis.domain.spread import Spread, mean_interval, spread
from analysis.outcomes.rules import endpoint_instrument
from enrollment.domain import schedule
from enrollment.protocol.model import Protocol, WashoutRule

DAY_0 = date(2000, 1, 1)


def dashboard_charts(page: DashboardPage) -> list[Chart]:
    """Charts of the blinded dashboard; empty before the first figures."""
    content = page.content
    if content is None:
        return []
    figures = content.figures
    charts = [
        _trajectories(page, content),
        _flow(figures, page.in_force.definition),
        _pooled(content.pooled),
        plots.enrolment(_cumulative(figures.enrolment), figures.planned),
        _baselines(figures, page.in_force.definition),
        _timeliness(content, page.protocol),
    ]
    if content.patterns.disclosed:
        charts.insert(3, _patterns(content.patterns))
    if page.protocol.washout:
        charts.append(_washouts(figures.washouts, page.protocol.washout))
    code, query = page.study.code, f"?{page.selection.here}".removesuffix("?")
    return [
        replace(
            chart,
            csv_url=reverse("chart_download", args=[code, chart.slug, "csv"]) + query,
            svg_url=reverse("chart_download", args=[code, chart.slug, "svg"]) + query,
        )
        for chart in charts
    ]


def _flow(figures: StudyFigures, protocol: Protocol) -> Chart:
    """Over all sequences: by sequence it would be unblinding."""
    stops = from_rows(figures.flow)
    return flow(
        enrolment_steps(stops, protocol, figures.screened_again), [("", period_steps(stops, protocol))]
    )


def csv_file(chart: Chart) -> str:
    """The numbers of the chart: one figure a cell where the chart gives them so, else as its table has them."""
    out = io.StringIO()
    table = [chart.data_columns, *chart.data_rows] if chart.data_columns else [chart.columns, *chart.rows]
    csv.writer(out, lineterminator="\n").writerows(table)
    return out.getvalue()


def svg_file(chart: Chart) -> str:
    """The chart as a file of its own, with the light colours in it."""
    sheets = "".join(
        Path(str(finders.find(f"styles/{name}.css"))).read_text(encoding="utf-8")
        for name in ("tokens", "chart-drawing")
    )
    return render_to_string(
        "analysis/charts/_chart_svg.html", {"chart": chart, "style": sheets, "alone": True}
    ).strip()


def _trajectories(page: DashboardPage, content: DashboardFigures) -> Chart:
    protocol, participants = page.protocol, content.participants
    baseline = protocol.endpoints.baseline_visit
    lines = [
        Trajectory(
            participant=trajectory.participant.code,
            period=period.outcome.period,
            totals={
                baseline: period.outcome.baseline,
                **{code: visit["total"] for code, visit in period.outcome.visits.items()},
            },
            days=period.days,
            outside=period.outside,
        )
        for trajectory in content.trajectories
        for period in trajectory.periods
    ]
    chart = trajectories(
        lines,
        [_plan(visit) for visit in schedule.plan_period(protocol.visits, DAY_0)],
        maximum=int(_ceiling([total for line in lines for total in line.totals.values()])),
        score=endpoint_instrument(protocol).short_name,
        remission_max=protocol.endpoints.remission_max,
        lit=page.selection.participant,
    )
    if participants.is_first and not participants.after:
        return chart
    which = _("%(n)d participants at your sites, most recently randomised first.") % {
        "n": len(participants.rows)
    }
    return replace(chart, description=f"{chart.description} {which}")


def _plan(visit: schedule.PlannedVisit) -> VisitPlan:
    return VisitPlan(
        visit.code, visit.label, visit.day, (visit.earliest_on - DAY_0).days, (visit.latest_on - DAY_0).days
    )


def _pooled(rows: Sequence[PooledRow]) -> Chart:
    return plots.proportions(
        _("Response and remission by day, treatments pooled"),
        _(
            "Participant-periods with a baseline and this visit; exact (Clopper–Pearson) 95 % intervals that take"
            " the periods of a participant as independent."
        ),
        [(row.label, [row.response, row.remission]) for row in rows],
        [_("response"), _("remission")],
        x_label=_("Visit"),
    )


def _patterns(patterns: ResponsePatterns) -> Chart:
    groups = [(row.label, [proportion(row.count, patterns.n)]) for row in patterns.rows]
    chart = plots.proportions(
        _("Completers by the periods in which they responded"),
        _("By period, not by treatment; exact (Clopper–Pearson) 95 % intervals."),
        groups,
        [_("completers")],
        slug="patterns",
        part=_("Response"),
    )
    return replace(chart, n=f"n = {patterns.n}")


def _baselines(figures: StudyFigures, protocol: Protocol) -> Chart:
    baselines = figures.baselines
    by_period: dict[int, list[tuple[int, int]]] = {}
    for period, total, n in baselines.totals:
        by_period.setdefault(period, []).append((total, n))
    spreads = [
        (_("Period %(n)d") % {"n": period}, totals)
        for period, counts in sorted(by_period.items())
        if (totals := spread(counts))
    ]
    return chart_blinded.baselines(
        spreads,
        score=endpoint_instrument(protocol).short_name,
        description=_paired(spread(baselines.differences)),
        maximum=_ceiling([totals.high for _label, totals in spreads]),
    )


def _paired(difference: Spread | None) -> str:
    """The mean difference of the periods within a participant, in a sentence."""
    if difference is None:
        return _("No participant has a baseline in both of the first two periods yet.")
    interval = mean_interval(difference)
    if interval is None:
        return _("One participant has both baselines; period 2 minus period 1 is %(mean)+.1f points.") % {
            "mean": difference.mean
        }
    return _(
        "Period 2 minus period 1 in the same participant: mean %(mean)+.1f points (95 %% interval %(low)+.1f to"
        " %(high)+.1f), %(n)d participants with both."
    ) % {"mean": difference.mean, "low": interval[0], "high": interval[1], "n": difference.n}


def _timeliness(content: DashboardFigures, protocol: Protocol) -> Chart:
    counted: dict[str, dict[str, int]] = {}
    for code, _site, state, n in content.figures.timeliness:
        states = counted.setdefault(code, {})
        states[state] = states.get(state, 0) + n
    return chart_blinded.timeliness(
        [(visit.label, counted.get(visit.code, {})) for visit in protocol.visits],
        as_of=date_text(content.summary.computed_at, "j M Y"),
    )


def _washouts(counts: Sequence[tuple[int, int]], rule: WashoutRule) -> Chart:
    title = (
        _("Days from the last visit of a period to the next infusion") if rule.anchor == "last_visit" else ""
    )
    return plots.washouts(
        counts,
        minimum=rule.min_days,
        target=rule.target_days,
        maximum=rule.max_days,
        title=title,
    )


def _cumulative(enrolment: Sequence[tuple[date, int]]) -> list[tuple[date, int]]:
    totals = accumulate(n for _day, n in enrolment)
    return [(day, total) for (day, _n), total in zip(enrolment, totals, strict=True)]


def _ceiling(values: Sequence[float | None]) -> float:
    """A round upper end for an axis: the next multiple of ten, at least 10."""
    highest = max((value for value in values if value is not None), default=0)
    return max(10, -(-highest // 10) * 10)
