"""The board's report as a paper: sections of sentences, tables and charts, for the page and for print. Unblinded."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from analysis import board_beside_pages, board_charts, board_flow
from analysis.board_flags import with_safety
from analysis.board_inputs import boundary_chart, means_chart, pattern_counts, power_marks
from analysis.board_rules import (
    chance_table,
    ended_sentences,
    ended_table,
    futility_sentence,
    safety_sentences,
    safety_table,
)
from analysis.board_tables import (
    Table,
    among_table,
    arms_table,
    boundary_table,
    contrast_table,
    diagnostics_table,
    means_table,
    paired_table,
    within_table,
)
from analysis.board_words import (
    DECISIONS,
    RECOMMENDATIONS,
    flag_sentence,
    not_defined_sentences,
    primary_sentence,
    question,
)
from analysis.chart_shapes import Chart
from enrollment.domain.protocol import Protocol

PUBLISHED = Path(__file__).parent / "published"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the paper under its heading."""

    slug: str
    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """Which data the paper is about. `look`: None for the live report, whose rows are not frozen."""

    look: int | None
    taken_at: str
    sha256: str
    protocol_version: str
    protocol_sha256: str
    changed: tuple[Mapping[str, Any], ...] = field(default=())


def paper(
    rules: Protocol, results: Mapping[str, Any], cut: Cut, look: Mapping[str, Any] | None = None
) -> list[Section]:
    """The sections of the report, in reading order; what a protocol has no rule for is left out.

    `look`: what has become of a frozen look, with `decision` ("", None, "continue" or "stop") and the serious events
    reported to the board, as `closed.look` gives them.
    """
    labels = {arm.code: arm.label for arm in rules.arms}
    found = [
        Section("question", _("Question"), tuple(question(rules))),
        Section("cut", _("Data cut"), tuple(cut_sentences(cut, results))),
        Section("flow", _("Flow of participants"), charts=(board_flow.chart(rules, results["flow"]),)),
    ]
    if results["monitoring"]:
        found.append(_primary(rules, results, labels, bool(look and look["stops"])))
    if look and (why := why_ended(cut.look or 0, results["monitoring"], look["decision"] == "stop")):
        found.append(ended_section(results["monitoring"], why))
    found.append(_treatments(rules, results, labels))
    if any("within" in arm for arm in results["arms"]):
        found.append(_within(rules, results, labels))
    if results["secondary"]:
        found.append(_secondary(rules, results, labels))
        if results["secondary"]["baselines"]:
            found.append(_diagnostics(rules, results, labels))
    return [*found, *_beside(rules, results, labels), *_last(results, look)]


def why_ended(number: int, shown: Mapping[str, Any] | None, stopped: bool) -> str:
    """Why the trial ended at look `number`, as a sentence; empty while it goes on."""
    if not shown or not shown.get("ended"):
        return ""
    if stopped:
        return _("The trial ended at look %(n)d: the board decided to stop.") % {"n": number}
    if shown["last"] and "efficacy" in shown["flags"]:
        return _("The trial ended at look %(n)d, the last planned, with its boundary crossed.") % {
            "n": number
        }
    return _("The trial ended at look %(n)d, the last planned.") % {"n": number} if shown["last"] else ""


def ended_section(shown: Mapping[str, Any], why: str) -> Section:
    """The figures after a stop, of the look at which the trial ended."""
    return Section(
        "ended", _("After the end of the trial"), tuple(ended_sentences(shown, why)), (ended_table(shown),)
    )


def cut_sentences(cut: Cut, results: Mapping[str, Any]) -> list[str]:
    """Which rows, which hash, and whether they have changed since."""
    people = results["flow"]["randomised"]
    protocol = _("Protocol version %(version)s, SHA-256 %(sha)s.") % {
        "version": cut.protocol_version, "sha": cut.protocol_sha256,
    }  # fmt: skip
    if cut.look is None:
        said = [
            _(
                "Live data of %(n)d randomised participants, not frozen, computed %(at)s. SHA-256 of the rows: %(sha)s."
            )
            % {"n": people, "at": cut.taken_at, "sha": cut.sha256}
        ]
    else:
        said = [
            _(
                "Look %(k)d: data of %(n)d randomised participants, frozen %(at)s. SHA-256 of the cut: %(sha)s."
            )
            % {"k": cut.look, "n": people, "at": cut.taken_at, "sha": cut.sha256}
        ]
    said.append(protocol)
    return said


def _primary(
    rules: Protocol, results: Mapping[str, Any], labels: Mapping[str, str], harmful: bool
) -> Section:
    rule, shown = rules.stopping, with_safety(results["monitoring"], harmful)
    said, tables, charts = (
        [flag_sentence(shown), *primary_sentence(shown, labels)],
        [boundary_table(shown)],
        [],
    )
    charts.append(boundary_chart(shown))
    chance = shown.get("power")
    if rule and shown["look_due"]:
        said.append(futility_sentence(rule, chance))
    if rule and chance:
        tables.append(chance_table(rule, chance))
        charts.append(
            board_charts.power(chance["points"], power_marks(shown["z"], chance), shown["completers"])
        )
    return Section(
        "primary", _("Primary result and stopping boundary"), tuple(said), tuple(tables), tuple(charts)
    )


def _treatments(rules: Protocol, results: Mapping[str, Any], labels: Mapping[str, str]) -> Section:
    """Both treatments beside each other, over the completers, and each completer with both."""
    tables = [arms_table(results), *among_table(results, labels)]
    if results["secondary"] and results["secondary"]["response"]:
        tables.insert(1, paired_table(results["secondary"]))
    charts: list[Chart] = []
    pairs = [
        board_charts.Pair(row["participant"], row["baseline"], row["change"], row["response"])
        for row in results["paired"]
    ]
    arms = [(arm.code, arm.label) for arm in rules.arms]
    visit, score = rules.visit(rules.endpoints.primary_visit).label, rules.endpoints.instrument
    shown = results["monitoring"]
    pair_of = [(code, labels[code]) for code in shown["compare"]] if shown else []
    # A participant of an incomplete design does not have every treatment.
    with_both = [pair for pair in pairs if all(code in pair.change for code, _label in pair_of)]
    if with_both and shown:
        charts.append(board_charts.slopes(with_both, pair_of, visit=visit, score=score))
    if pairs and shown and all(code in pair.change for pair in pairs for code, _label in arms):
        charts.append(
            board_charts.waterfall(
                pairs, arms, visit=visit, score=score, response_percent=rules.endpoints.response_percent
            )
        )
    if shown:
        charts.append(board_charts.patterns(pattern_counts(shown, labels), shown["completers"]))
    charts.append(means_chart(rules, results))
    sentence = _("All figures are over the %(n)d completers: evaluable in every period.") % {
        "n": results["completers"]
    }
    return Section(
        "treatments", _("Response and remission by treatment"), (sentence,), tuple(tables), tuple(charts)
    )


def _within(rules: Protocol, results: Mapping[str, Any], labels: Mapping[str, str]) -> Section:
    """Whether the score moved under each treatment by itself, and what is published of it."""
    said = [
        f"{part['text']} ({part['source']})" for part in published(rules.code).get("Change from baseline", [])
    ]
    return Section(
        "within",
        _("Change from baseline within each treatment"),
        tuple(said),
        (within_table(results, labels),),
    )


def _secondary(rules: Protocol, results: Mapping[str, Any], labels: Mapping[str, str]) -> Section:
    found = results["secondary"]
    second, first = (labels[code] for code in found["contrast"])
    return Section(
        "secondary",
        _("Secondary analyses"),
        (
            _(
                "Change of %(score)s from the period’s baseline, %(second)s minus %(first)s: a positive difference"
                " says that the score fell less with %(second)s."
            )
            % {"score": rules.endpoints.instrument, "first": first, "second": second},
            _(
                "Hills–Armitage uses completers of the visit; the mixed model (treatment, period, sequence, random"
                " participant; REML, Kenward–Roger) uses every period, also of participants who lack others."
            ),
            *not_defined_sentences(found.get("not_defined", [])),
        ),
        (contrast_table(found, labels), means_table(results)),
    )


def _diagnostics(rules: Protocol, results: Mapping[str, Any], labels: Mapping[str, str]) -> Section:
    return Section(
        "diagnostics",
        _("Diagnostics: period, carry-over, baselines, order"),
        (
            _(
                "For reading only. The carry-over test has little power and never chooses the analysis"
                " (Freeman 1989, doi:10.1002/sim.4780081202)."
            ),
        ),
        (diagnostics_table(results["secondary"]),),
    )


def _beside(rules: Protocol, results: Mapping[str, Any], labels: Mapping[str, str]) -> list[Section]:
    """What the protocol sets beside the primary endpoint, and what is published of it."""
    compare = list(rules.stopping.compare if rules.stopping else labels)
    arms = [(code, labels[code]) for code in compare]
    found = []
    for number, one in enumerate(results.get("beside", []), start=1):
        said = [board_beside_pages.sentence(one, labels, compare)]
        said += [f"{part['text']} ({part['source']})" for part in published(rules.code).get(one["name"], [])]
        charts = (
            (board_beside_pages.chart(one, arms, number),)
            if one["pairs"] and len(arms) == 2 and rules.two_by_two
            else ()
        )
        title = _("%(name)s beside the primary endpoint") % {"name": one["name"]}
        found.append(
            Section(f"beside-{number}", title, tuple(said), (board_beside_pages.table(one, labels),), charts)
        )
    return found


def _last(results: Mapping[str, Any], look: Mapping[str, Any] | None) -> list[Section]:
    rule = results["safety"]
    return [
        Section(
            "safety",
            _("Safety"),
            (withdrawn_sentence(results), *safety_sentences(rule, look)),
            (safety_table(rule),) if rule else (),
        ),
    ]


@cache
def published(code: str) -> dict[str, list[dict[str, str]]]:
    """Topic → statements (text, source) that are published of the study `code`; empty for most."""
    file = PUBLISHED / f"{code}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def withdrawn_sentence(results: Mapping[str, Any]) -> str:
    flow_ = results["flow"]
    return _("Withdrawn after randomisation: %(n)d of %(of)d.") % {
        "n": flow_["withdrawn"], "of": flow_["randomised"],
    }  # fmt: skip


def closing(found: Mapping[str, Any], looks: Sequence[Mapping[str, Any]]) -> list[Section]:
    """What stands at the end of the printed report: the decision, and the log of looks.

    `found`: recommendation, decision, reason, signed_name and signed_at (text), None while not decided; `looks`:
    number, completers, taken_at, decision, decided_by, decided_at (text) of each look taken.
    """
    said = [_("Not decided when this was printed.")]
    if found["decision"]:
        said = [
            _("Recommendation: %(word)s.") % {"word": RECOMMENDATIONS[found["recommendation"]]},
            _("Decision: %(word)s.") % {"word": DECISIONS[found["decision"]]},
            _("Reason: %(reason)s") % {"reason": found["reason"]},
            _("Signed by %(name)s, %(at)s.") % {"name": found["signed_name"], "at": found["signed_at"]},
        ]
    rows = tuple(
        (
            str(look["number"]),
            str(look["completers"]),
            look["taken_at"],
            str(DECISIONS.get(look["decision"], _("not decided"))),
            look["decided_by"],
            look["decided_at"],
        )
        for look in looks
    )
    columns = (
        _("Look"),
        _("Planned completers"),
        _("Data frozen"),
        _("Decision"),
        _("Signed by"),
        _("Signed"),
    )
    return [
        Section("decision", _("Recommendation and decision"), tuple(said)),
        Section("log", _("Log of looks"), tables=(Table(_("Looks taken"), columns, rows),)),
    ]
