"""Tables of the board's report: captions, columns and cells, ready to be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.board_flags import COMPARED, NEVER, crossed
from analysis.board_words import figure, p_value, share, span
from analysis.domain.intervals import clopper_pearson

BOUNDARIES = {
    "lan_demets_obf": gettext_lazy("Lan–DeMets, O’Brien–Fleming-like"),
    "lan_demets_pocock": gettext_lazy("Lan–DeMets, Pocock-like"),
    "pocock": gettext_lazy("Pocock"),
    "obrien_fleming": gettext_lazy("O’Brien–Fleming"),
    "haybittle_peto": gettext_lazy("Haybittle–Peto"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """The first cell of a row is its heading."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def boundary_names(shown: Mapping[str, Any]) -> list[str]:
    """The planned boundary, then the others always in one order."""
    return [shown["spending"], *(name for name in COMPARED if name != shown["spending"])]


def boundary_table(shown: Mapping[str, Any]) -> Table:
    """Every boundary beside the observed statistic, at this look and as planned at each."""
    due = shown["look_due"] is not None
    rows = []
    for name in boundary_names(shown):
        label = str(BOUNDARIES[name])
        label = _("%(name)s (planned)") % {"name": label} if name == shown["spending"] else label
        planned = [figure(look["boundaries"][name], 4) for look in shown["looks"]]
        here = [_("no look due"), "–", "–"]
        if due:
            here = [
                _limit(shown["boundaries"][name]),
                figure(shown["z"], 4),
                _("yes") if crossed(shown, name) else _("no"),
            ]
        rows.append((label, *here, *planned))
    looks = [
        _("Planned: look %(k)d, n = %(n)d") % {"k": look["number"], "n": look["completers"]}
        for look in shown["looks"]
    ]
    return Table(
        _("Stopping boundaries and the observed statistic"),
        (_("Boundary"), _("z at this look"), _("Observed z"), _("Crossed"), *looks),
        tuple(rows),
        _("Only the planned boundary is the protocol’s; the others are shown for comparison."),
    )


def _limit(z: float) -> str:
    return figure(z, 4) if z < NEVER else _("no error left")


def arms_table(results: Mapping[str, Any]) -> Table:
    rows = []
    for arm in results["arms"]:
        n = arm["n"]
        rows.append(
            (
                arm["label"],
                _proportion(arm["responders"], n),
                _proportion(arm["remitters"], n),
                f"{figure(arm['mean_change'], 1)} (n = {arm.get('people', n)})",
            )
        )
    repeated = any(arm["n"] != arm.get("people", arm["n"]) for arm in results["arms"])
    return Table(
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


def paired_table(found: Mapping[str, Any]) -> Table:
    rows = []
    for name, words in (("response", _("Response")), ("remission", _("Remission"))):
        part = found[name]
        difference = part["difference"]
        orders = part["orders"] or {"mainland_gart": None, "prescott": None}
        score = part.get("score") or {"low": None, "high": None}
        rows.append(
            (
                words,
                figure(difference["estimate"], 3),
                span(difference["low"], difference["high"], 3),
                span(score["low"], score["high"], 3),
                p_value(part["p"]),
                p_value(part["mid_p"]),
                p_value(orders["mainland_gart"]),
                p_value(orders["prescott"]),
                str(part["n"]),
            )
        )
    return Table(
        _("Paired difference of proportions, first minus second treatment compared"),
        (
            _("Outcome"), _("Difference"), _("95 % interval (Newcombe)"), _("95 % interval (Tango)"),
            _("McNemar exact p"), _("mid-p"),
            _("Mainland–Gart p"), _("Prescott p"), "n",
        ),
        tuple(rows),
        _paired_note(found),
    )  # fmt: skip


def _paired_note(found: Mapping[str, Any]) -> str:
    said = _(
        "Mainland–Gart and Prescott allow for a period effect; they are secondary. Neither interval covers 95 % whatever"
        " the truth: with 12 pairs Newcombe’s covers at least 86 %, Tango’s at least 92 %."
    )
    orders = [found[name]["orders"] for name in ("response", "remission") if found[name]["orders"]]
    asymptotic = sorted({name for one in orders for name in one.get("asymptotic", [])})
    if not asymptotic:
        return said + " " + _("Their p-values are exact.")
    return said + " " + _("Asymptotic (χ²), for the number of participants: %(tests)s.") % {
        "tests": ", ".join(asymptotic)
    }  # fmt: skip


def among_table(results: Mapping[str, Any], labels: Mapping[str, str]) -> list[Table]:
    """For each treatment with responders: the same people with every treatment."""
    tables = []
    for group in results["among_responders"]:
        n = group["n"]
        if not n:
            continue
        caption = _("The %(n)d completers who responded with %(arm)s") % {"n": n, "arm": labels[group["arm"]]}
        rows = tuple(
            (
                labels[row["arm"]],
                f"{row['responders']}/{n}",
                f"{row['remitters']}/{n}",
                f"{figure(row['mean_change'], 1)} (n = {n})",
            )
            for row in group["arms"]
        )
        columns = (
            _("The same people with"), _("Response"), _("Remission"), _("Mean change at the primary visit")
        )  # fmt: skip
        tables.append(Table(caption, columns, rows))
    return tables


def within_table(results: Mapping[str, Any], labels: Mapping[str, str]) -> Table:
    """The change from baseline within each treatment, over the completers and over those who responded with one."""
    everybody = [
        (arm["label"], _("all completers"), *_contrast(arm["within"]), str(arm["people"]))
        for arm in results["arms"]
        if "within" in arm
    ]
    responders = [
        (
            labels[row["arm"]],
            _("responders with %(arm)s") % {"arm": labels[group["arm"]]},
            *_contrast(row["within"]),
            str(group["n"]),
        )
        for group in results["among_responders"]
        for row in group["arms"]
        if group["n"] and "within" in row
    ]
    return Table(
        _("Change from baseline within each treatment, at the primary visit"),
        (_("Treatment"), _("In"), _("Mean change"), _("95 % interval"), "SE", "df", "t", "p", "n"),
        (*everybody, *responders),
        _(
            "Student’s t of each participant’s change against 0. It says that the score moved, not that the treatment moved"
            " it: the comparison of the treatments does. Responders are chosen by their own fall."
        ),
    )


def contrast_table(found: Mapping[str, Any], labels: Mapping[str, str]) -> Table:
    """Each visit by each method; with more than two treatments every one against the reference."""
    rows = []
    reference = labels[found["contrast"][1]]
    for visit in found["visits"]:
        simple, model = visit.get("treatment"), visit["mixed"]
        name = visit["label"]
        if visit["visit"] == found["primary_visit"]:
            name = _("%(visit)s (primary visit)") % {"visit": name}
        if simple:
            rows.append((name, _("Hills–Armitage"), *_contrast(simple), str(visit["n"])))
        if not model:
            continue
        n = _("%(a)d + %(b)d with some periods") % {"a": model["complete"], "b": model["single"]}
        rows.append((name, _("mixed model"), *_contrast(model["treatment"]), n))
        for arm, contrast in model.get("others", {}).items():
            which = _("mixed model, %(arm)s − %(reference)s") % {"arm": labels[arm], "reference": reference}
            rows.append((name, which, *_contrast(contrast), n))
    return Table(
        _("Treatment difference of change by visit"),
        (_("Visit"), _("Method"), _("Difference"), _("95 % interval"), "SE", "df", "t", "p", "n"),
        tuple(rows),
    )


def _contrast(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        figure(one["estimate"], 2),
        span(one["low"], one["high"], 2),
        figure(one["se"], 3),
        figure(one["df"], 1),
        figure(one["t"], 2),
        p_value(one["p"]),
    )


def diagnostics_table(found: Mapping[str, Any]) -> Table:
    primary = next(visit for visit in found["visits"] if visit["visit"] == found["primary_visit"])
    baselines = found["baselines"]
    rows = (
        (
            _("Period 1 minus period 2, change at the primary visit"),
            *_contrast(primary["period"]),
            str(primary["n"]),
        ),
        (
            _("Carry-over contrast, change at the primary visit"),
            *_contrast(primary["carryover"]),
            str(primary["n"]),
        ),
        (_("Baselines, treatment difference"), *_contrast(baselines["treatment"]), str(baselines["n"])),
        (_("Baselines, period 1 minus period 2"), *_contrast(baselines["period"]), str(baselines["n"])),
    )
    return Table(
        _("Period, carry-over and baselines"),
        (_("Contrast"), _("Estimate"), _("95 % interval"), "SE", "df", "t", "p", "n"),
        rows,
    )


def means_table(results: Mapping[str, Any]) -> Table:
    arms = results["arms"]
    return Table(
        _("Mean totals by visit, over the completers"),
        (_("Treatment"), *(visit["label"] for visit in (arms[0]["visits"] if arms else []))),
        tuple(
            (arm["label"], *(f"{figure(visit['mean'], 1)} (n = {visit['n']})" for visit in arm["visits"]))
            for arm in arms
        ),
    )
