"""Tables of the board's report: captions, columns and cells, ready to be read."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.domain.crossover import Contrast
from analysis.domain.intervals import clopper_pearson
from analysis.monitoring.figures import (
    BaselineContrasts,
    MonitoringFigures,
    PairedContrasts,
    PairedProportions,
    ReportFigures,
    SecondaryFigures,
)
from analysis.monitoring.flags import COMPARED, NEVER, crossed
from analysis.monitoring.text import figure, p_value, share, span

BOUNDARIES = {
    "lan_demets_obf": gettext_lazy("Lan–DeMets, O’Brien–Fleming-like"),
    "lan_demets_pocock": gettext_lazy("Lan–DeMets, Pocock-like"),
    "pocock": gettext_lazy("Pocock"),
    "obrien_fleming": gettext_lazy("O’Brien–Fleming"),
    "haybittle_peto": gettext_lazy("Haybittle–Peto"),
}


@dataclass(frozen=True, slots=True)
class FigureTable:
    """The first cell of a row is its heading."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def boundary_names(figures: MonitoringFigures) -> list[str]:
    """The planned boundary, then the others always in one order."""
    return [figures.spending, *(name for name in COMPARED if name != figures.spending)]


def boundary_table(figures: MonitoringFigures) -> FigureTable:
    """Every boundary beside the observed statistic, at this look and as planned at each."""
    test = figures.test
    rows = []
    for name in boundary_names(figures):
        label = str(BOUNDARIES[name])
        label = _("%(name)s (planned)") % {"name": label} if name == figures.spending else label
        planned = [figure(look.boundaries[name], 4) for look in figures.plan]
        here = [_("no look due"), "–", "–"]
        if test:
            limit = test.boundaries[name]
            here = [
                _limit(limit),
                figure(test.z, 4),
                _("yes") if crossed(test.z, limit, figures.sides) else _("no"),
            ]
        rows.append((label, *here, *planned))
    looks = [
        _("Planned: look %(k)d, n = %(n)d") % {"k": look.number, "n": look.completers}
        for look in figures.plan
    ]
    return FigureTable(
        _("Stopping boundaries and the observed statistic"),
        (_("Boundary"), _("z at this look"), _("Observed z"), _("Crossed"), *looks),
        tuple(rows),
        _("Only the planned boundary is the protocol’s; the others are shown for comparison."),
    )


def _limit(z: float) -> str:
    return figure(z, 4) if z < NEVER else _("no error left")


def arms_table(results: ReportFigures) -> FigureTable:
    rows = []
    for arm in results.arms:
        n = arm.n
        rows.append(
            (
                arm.label,
                _proportion(arm.responders, n),
                _proportion(arm.remitters, n),
                f"{figure(arm.mean_change, 1)} (n = {arm.participants})",
            )
        )
    repeated = any(arm.n != arm.participants for arm in results.arms)
    return FigureTable(
        _("By treatment, over the completers"),
        (_("Treatment"), _("Response"), _("Remission"), _("Mean change at the primary visit")),
        tuple(rows),
        _("95 % intervals of Clopper and Pearson.")
        if not repeated
        else _(
            "95 % intervals of Clopper and Pearson, of periods: a participant has several with one treatment, which the"
            " interval takes as independent."
        ),
    )


def _proportion(count: int, n: int) -> str:
    low, high = clopper_pearson(count, n) if n else (None, None)
    return share(count, n, low, high)


def paired_table(response: PairedProportions, remission: PairedProportions) -> FigureTable:
    rows = (_paired_row(_("Response"), response), _paired_row(_("Remission"), remission))
    return FigureTable(
        _("Paired difference of proportions, first minus second treatment compared"),
        (
            _("Outcome"),
            _("Difference"),
            _("95 % interval (Newcombe)"),
            _("95 % interval (Tango)"),
            _("McNemar exact p"),
            _("mid-p"),
            _("Mainland–Gart p"),
            _("Prescott p"),
            "n",
        ),
        rows,
        _paired_note(response, remission),
    )


def _paired_row(outcome: str, proportions: PairedProportions) -> tuple[str, ...]:
    difference, score, orders = proportions.difference, proportions.score, proportions.orders
    return (
        outcome,
        figure(difference.estimate, 3),
        span(difference.low, difference.high, 3),
        span(score.low, score.high, 3) if score else "–",
        p_value(proportions.p),
        p_value(proportions.mid_p),
        p_value(orders.mainland_gart if orders else None),
        p_value(orders.prescott if orders else None),
        str(proportions.n),
    )


def _paired_note(*outcomes: PairedProportions) -> str:
    sentences = _(
        "Mainland–Gart and Prescott allow for a period effect; they are secondary. Neither interval covers 95 % whatever"
        " the truth: with 12 pairs Newcombe’s covers at least 86 %, Tango’s at least 92 %."
    )
    asymptotic = sorted({name for part in outcomes if part.orders for name in part.orders.asymptotic})
    if not asymptotic:
        return sentences + " " + _("Their p-values are exact.")
    return (
        sentences
        + " "
        + _("Asymptotic (χ²), for the number of participants: %(tests)s.") % {"tests": ", ".join(asymptotic)}
    )


def among_table(results: ReportFigures, labels: Mapping[str, str]) -> list[FigureTable]:
    """For each treatment with responders: the same people with every treatment."""
    tables = []
    for group in results.among_responders:
        n = group.n
        if not n:
            continue
        caption = _("The %(n)d completers who responded with %(arm)s") % {"n": n, "arm": labels[group.arm]}
        rows = tuple(
            (
                labels[row.arm],
                f"{row.responders}/{n}",
                f"{row.remitters}/{n}",
                f"{figure(row.mean_change, 1)} (n = {n})",
            )
            for row in group.arms
        )
        columns = (
            _("The same people with"),
            _("Response"),
            _("Remission"),
            _("Mean change at the primary visit"),
        )
        tables.append(FigureTable(caption, columns, rows))
    return tables


def within_table(results: ReportFigures, labels: Mapping[str, str]) -> FigureTable:
    """The change from baseline within each treatment, over the completers and over those who responded with one."""
    everybody = [
        (arm.label, _("all completers"), *_contrast(arm.within), str(arm.participants))
        for arm in results.arms
        if arm.within
    ]
    responders = [
        (
            labels[row.arm],
            _("responders with %(arm)s") % {"arm": labels[group.arm]},
            *_contrast(row.within),
            str(group.n),
        )
        for group in results.among_responders
        for row in group.arms
        if group.n and row.within
    ]
    return FigureTable(
        _("Change from baseline within each treatment, at the primary visit"),
        (_("Treatment"), _("In"), _("Mean change"), _("95 % interval"), "SE", "df", "t", "p", "n"),
        (*everybody, *responders),
        _(
            "Student’s t of each participant’s change against 0. It says that the score moved, not that the treatment moved"
            " it: the comparison of the treatments does. Responders are chosen by their own fall."
        ),
    )


def contrast_table(figures: SecondaryFigures, labels: Mapping[str, str]) -> FigureTable:
    """Each visit by each method; with more than two treatments every one against the reference."""
    rows = []
    second, reference = figures.contrast
    for visit in figures.visits:
        name = visit.label
        if visit.visit == figures.primary_visit:
            name = _("%(visit)s (primary visit)") % {"visit": name}
        if visit.paired:
            paired = visit.paired
            rows.append((name, _("Hills–Armitage"), *_contrast(paired.treatment), str(paired.n)))
        if not visit.mixed:
            continue
        n = _("%(a)d + %(b)d with some periods") % {"a": visit.mixed.complete, "b": visit.mixed.partial}
        for arm in sorted(visit.mixed.treatments, key=lambda arm: (arm != second, arm)):
            labelled = {"arm": labels[arm], "reference": labels[reference]}
            method = (
                _("mixed model") if arm == second else _("mixed model, %(arm)s − %(reference)s") % labelled
            )
            rows.append((name, method, *_contrast(visit.mixed.treatments[arm]), n))
    return FigureTable(
        _("Treatment difference of change by visit"),
        (_("Visit"), _("Method"), _("Difference"), _("95 % interval"), "SE", "df", "t", "p", "n"),
        tuple(rows),
    )


def _contrast(contrast: Contrast) -> tuple[str, ...]:
    return (
        figure(contrast.estimate, 2),
        span(contrast.low, contrast.high, 2),
        figure(contrast.se, 3),
        figure(contrast.df, 1),
        figure(contrast.t, 2),
        p_value(contrast.p),
    )


def diagnostics_table(primary: PairedContrasts, baselines: BaselineContrasts) -> FigureTable:
    """`primary`: of the change at the primary visit."""
    rows = (
        (
            _("Period 1 minus period 2, change at the primary visit"),
            *_contrast(primary.period),
            str(primary.n),
        ),
        (
            _("Carry-over contrast, change at the primary visit"),
            *_contrast(primary.carryover),
            str(primary.n),
        ),
        (_("Baselines, treatment difference"), *_contrast(baselines.treatment), str(baselines.n)),
        (_("Baselines, period 1 minus period 2"), *_contrast(baselines.period), str(baselines.n)),
    )
    return FigureTable(
        _("Period, carry-over and baselines"),
        (_("Contrast"), _("Estimate"), _("95 % interval"), "SE", "df", "t", "p", "n"),
        rows,
    )


def means_table(results: ReportFigures) -> FigureTable:
    arms = results.arms
    return FigureTable(
        _("Mean totals by visit, over the completers"),
        (_("Treatment"), *(visit.label for visit in (arms[0].visits if arms else []))),
        tuple(
            (arm.label, *(f"{figure(visit.mean, 1)} (n = {visit.n})" for visit in arm.visits)) for arm in arms
        ),
    )
