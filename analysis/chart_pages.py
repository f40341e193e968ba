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
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from analysis import chart_blinded, charts
from analysis.blinded.proportion import proportion
from analysis.chart_flow import flow
from analysis.chart_shapes import Chart
from analysis.chart_trajectories import Trajectory, VisitPlan, trajectories
from analysis.domain.flow import from_rows
from analysis.domain.spread import Spread, mean_interval, spread
from analysis.flow_text import enrolment_steps, period_steps
from enrollment.domain import schedule
from enrollment.domain.protocol import Protocol, WashoutRule

DAY_0 = date(2000, 1, 1)


def dashboard_charts(page: dict[str, Any]) -> list[Chart]:
    """Charts of the blinded dashboard from its context (`dashboard_page`); empty before the first figures."""
    figures = page.get("figures")
    if not figures:
        return []
    shown = [
        _trajectories(page),
        _flow(figures, page["in_force"].rules),
        _pooled(page),
        charts.enrolment(_cumulative(figures["enrolment"]), figures["planned"]),
        _baselines(page),
        _timeliness(page),
    ]
    if page["patterns"]["shown"]:
        shown.insert(3, _patterns(page["patterns"]))
    if page["rules"].washout:
        shown.append(_washouts(figures["washouts"], page["rules"].washout))
    code, number, query = page["study"].code, page["people"].number, page["selection"].query
    asked = "?" + "&".join(filter(None, [query, f"page={number}" if number > 1 else ""]))
    return [
        replace(
            chart,
            csv_url=reverse("chart_download", args=[code, chart.slug, "csv"]) + asked.removesuffix("?"),
            svg_url=reverse("chart_download", args=[code, chart.slug, "svg"]) + asked.removesuffix("?"),
        )
        for chart in shown
    ]


def _flow(figures: dict[str, Any], rules: Protocol) -> Chart:
    """Over all sequences: by sequence it would be unblinding."""
    stops = from_rows(figures["flow"])
    return flow(enrolment_steps(stops, rules), [("", period_steps(stops, rules))])


def csv_file(chart: Chart) -> str:
    """The numbers of the chart: one figure a cell where the chart gives them so, else as its table has them."""
    out = io.StringIO()
    table = [chart.data_columns, *chart.data_rows] if chart.data_columns else [chart.columns, *chart.rows]
    csv.writer(out, lineterminator="\n").writerows(table)
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
        Trajectory(
            participant=person["participant"].code,
            period=period["outcome"].period,
            totals={
                baseline: period["outcome"].baseline,
                **{code: seen["total"] for code, seen in period["outcome"].visits.items()},
            },
            days=period["days"],
            outside=period["outside"],
        )
        for person in page["trajectories"]
        for period in person["periods"]
    ]
    chart = trajectories(
        lines,
        [_plan(visit) for visit in schedule.plan_period(rules.visits, DAY_0)],
        maximum=int(_ceiling([total for line in lines for total in line.totals.values()])),
        score=rules.endpoints.instrument,
        remission_max=rules.endpoints.remission_max,
        lit=page["selection"].participant,
    )
    people = page["people"]
    if people.paginator.num_pages == 1:
        return chart
    which = _("Page %(page)d of %(pages)d, randomised last first, of %(all)d participants.") % {
        "page": people.number,
        "pages": people.paginator.num_pages,
        "all": people.paginator.count,
    }
    return replace(chart, description=f"{chart.description} {which}")


def _plan(visit: schedule.PlannedVisit) -> VisitPlan:
    return VisitPlan(
        visit.code, visit.label, visit.day, (visit.earliest_on - DAY_0).days, (visit.latest_on - DAY_0).days
    )


def _pooled(page: dict[str, Any]) -> Chart:
    names = ("response", "remission")
    return charts.proportions(
        _("Response and remission by day, treatments pooled"),
        _(
            "Participant-periods with a baseline and this visit; exact (Clopper–Pearson) 95 % intervals that take"
            " the periods of a participant as independent."
        ),
        [(row["label"], [charts.Proportion(**row[name]) for name in names]) for row in page["pooled"]],
        [_("response"), _("remission")],
        x_label=_("Visit"),
    )


def _patterns(patterns: dict[str, Any]) -> Chart:
    groups = [
        (row["label"], [charts.Proportion(**proportion(row["count"], patterns["n"]))])
        for row in patterns["rows"]
    ]
    chart = charts.proportions(
        _("Completers by the periods in which they responded"),
        _("By period, not by treatment; exact (Clopper–Pearson) 95 % intervals."),
        groups,
        [_("completers")],
        slug="patterns",
        part=_("Response"),
    )
    return replace(chart, n=f"n = {patterns['n']}")


def _baselines(page: dict[str, Any]) -> Chart:
    found = page["figures"]["baselines"]
    by_period: dict[int, list[tuple[int, int]]] = {}
    for period, total, n in found["totals"]:
        by_period.setdefault(period, []).append((total, n))
    spreads = [
        (_("Period %(n)d") % {"n": period}, one)
        for period, counts in sorted(by_period.items())
        if (one := spread(counts))
    ]
    return chart_blinded.baselines(
        spreads,
        score=page["in_force"].rules.endpoints.instrument,
        said=_paired(spread([(difference, n) for difference, n in found["differences"]])),
        maximum=_ceiling([one.high for _label, one in spreads]),
    )


def _paired(found: Spread | None) -> str:
    """The mean difference of the periods within a person, in a sentence."""
    if found is None:
        return _("Nobody has a baseline in both of the first two periods yet.")
    interval = mean_interval(found)
    if interval is None:
        return _("One participant has both baselines; period 2 minus period 1 is %(mean)+.1f points.") % {
            "mean": found.mean
        }
    return _(
        "Period 2 minus period 1 in the same person: mean %(mean)+.1f points (95 %% interval %(low)+.1f to"
        " %(high)+.1f), %(n)d participants with both."
    ) % {"mean": found.mean, "low": interval[0], "high": interval[1], "n": found.n}


def _timeliness(page: dict[str, Any]) -> Chart:
    counted: dict[str, dict[str, int]] = {}
    for code, _site, state, n in page["figures"]["timeliness"]:
        states = counted.setdefault(code, {})
        states[state] = states.get(state, 0) + n
    return chart_blinded.timeliness(
        [(visit.label, counted.get(visit.code, {})) for visit in page["rules"].visits],
        as_of=date_text(page["summary"].computed_at, "j M Y"),
    )


def _washouts(counts: Sequence[Sequence[int]], rule: WashoutRule) -> Chart:
    title = (
        _("Days from the last visit of a period to the next infusion") if rule.anchor == "last_visit" else ""
    )
    return charts.washouts(
        [(days, count) for days, count in counts],
        minimum=rule.min_days,
        target=rule.target_days,
        maximum=rule.max_days,
        title=title,
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
