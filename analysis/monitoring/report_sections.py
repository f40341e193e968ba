"""The report to the board: sections of sentences, tables and charts, for the page and for print. Unblinded."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

from analysis.charts.shapes import Chart
from analysis.monitoring import charts as completer_charts
from analysis.monitoring import comparisons_text, flow
from analysis.monitoring.figures import MonitoringFigures, ReportFigures, SecondaryFigures
from analysis.monitoring.flags import with_safety
from analysis.monitoring.inputs import boundary_chart, means_chart, pattern_counts, power_marks
from analysis.monitoring.records import LogRow, SafetyReport, SignedDecision
from analysis.monitoring.rules_text import (
    chance_table,
    ended_sentences,
    ended_table,
    futility_sentence,
    safety_sentences,
    safety_table,
)
from analysis.monitoring.sections import DataCut, ReportSection
from analysis.monitoring.tables import (
    FigureTable,
    among_table,
    arms_table,
    boundary_table,
    contrast_table,
    diagnostics_table,
    means_table,
    paired_table,
    within_table,
)
from analysis.monitoring.text import (
    DECISIONS,
    RECOMMENDATIONS,
    flag_sentence,
    moment,
    not_defined_sentences,
    primary_sentence,
    question,
)
from analysis.outcomes.rules import endpoint_instrument
from enrollment.protocol.model import Protocol

PUBLISHED = Path(__file__).parent / "published"


def report_sections(
    protocol: Protocol,
    results: ReportFigures,
    cut: DataCut,
    decision: SignedDecision | None = None,
    reported: SafetyReport | None = None,
) -> list[ReportSection]:
    """The sections of the report, in reading order; what a protocol has no rule for is left out.

    `decision`, `reported`: of a frozen look, and the serious events reported to the board.
    """
    labels = {arm.code: arm.label for arm in protocol.arms}
    sections = [
        ReportSection("question", _("Question"), tuple(question(protocol))),
        ReportSection("cut", _("Data cut"), tuple(cut_sentences(cut, results))),
        ReportSection("flow", _("Flow of participants"), charts=(flow.chart(protocol, results.flow),)),
    ]
    if results.monitoring:
        sections.append(
            _primary(protocol, results.monitoring, labels, bool(reported and reported.verdict.stops))
        )
    stopped = decision is not None and decision.stops
    if cut.look and results.monitoring and (why := why_ended(cut.look, results.monitoring, stopped)):
        sections += ended_sections(results.monitoring, why)
    sections.append(_treatments(protocol, results, labels))
    if any(arm.within for arm in results.arms):
        sections.append(_within(protocol, results, labels))
    if results.secondary:
        sections.append(_secondary(protocol, results, results.secondary, labels))
        sections += _diagnostics(results.secondary)
    return [*sections, *_exploratory(protocol, results, labels), _safety(results, reported)]


def why_ended(number: int, figures: MonitoringFigures, stopped: bool) -> str:
    """Why the trial ended at look `number`, as a sentence; empty while it goes on."""
    test = figures.test
    if test is None or test.ended is None:
        return ""
    if stopped:
        return _("The trial ended at look %(n)d: the committee decided to stop.") % {"n": number}
    if test.last and "efficacy" in figures.flags:
        return _("The trial ended at look %(n)d, the last planned, with its boundary crossed.") % {
            "n": number
        }
    return _("The trial ended at look %(n)d, the last planned.") % {"n": number} if test.last else ""


def ended_sections(figures: MonitoringFigures, why: str) -> list[ReportSection]:
    """The figures after a stop, of the look at which the trial ended; none where it was not tested."""
    test = figures.test
    if test is None or test.ended is None:
        return []
    return [
        ReportSection(
            "ended",
            _("After the end of the trial"),
            tuple(ended_sentences(test, why)),
            (ended_table(test, test.ended),),
        )
    ]


def cut_sentences(cut: DataCut, results: ReportFigures) -> list[str]:
    """Which rows, which hash, and whether they have changed since."""
    rows = (
        _(
            "Live data of %(n)d randomised participants, not frozen, computed %(at)s. SHA-256 of the rows: %(sha)s."
        )
        if cut.look is None
        else _(
            "Look %(k)d: data of %(n)d randomised participants, frozen %(at)s. SHA-256 of the cut: %(sha)s."
        )
    )
    protocol = {"version": cut.protocol_version, "sha": cut.protocol_sha256}
    participants = results.flow.randomised
    return [
        rows % {"k": cut.look, "n": participants, "at": cut.taken_at, "sha": cut.sha256},
        _("Protocol version %(version)s, SHA-256 %(sha)s.") % protocol,
    ]


def _primary(
    protocol: Protocol, monitoring: MonitoringFigures, labels: Mapping[str, str], harmful: bool
) -> ReportSection:
    rule, figures = protocol.stopping, with_safety(monitoring, harmful)
    sentences = [flag_sentence(figures), *primary_sentence(figures, labels)]
    tables, charts = [boundary_table(figures)], [boundary_chart(figures)]
    test = figures.test
    if rule and test:
        sentences.append(futility_sentence(rule, test.chances))
    if rule and test and test.chances:
        tables.append(chance_table(rule, test.chances))
        marks = power_marks(test.z, test.chances)
        charts.append(completer_charts.power(test.chances.points, marks, figures.completers))
    return ReportSection(
        "primary", _("Primary result and stopping boundary"), tuple(sentences), tuple(tables), tuple(charts)
    )


def _treatments(protocol: Protocol, results: ReportFigures, labels: Mapping[str, str]) -> ReportSection:
    """Both treatments beside each other, over the completers, and each completer with both."""
    tables = [arms_table(results), *among_table(results, labels)]
    if results.secondary and results.secondary.response and results.secondary.remission:
        tables.insert(1, paired_table(results.secondary.response, results.secondary.remission))
    charts: list[Chart] = []
    pairs = results.paired
    arms = [(arm.code, arm.label) for arm in protocol.arms]
    visit, score = (
        protocol.visit(protocol.endpoints.primary_visit).label,
        endpoint_instrument(protocol).short_name,
    )
    figures = results.monitoring
    pair_of = [(code, labels[code]) for code in figures.compare] if figures else []
    # A participant of an incomplete design does not have every treatment.
    with_both = [pair for pair in pairs if all(code in pair.change for code, _label in pair_of)]
    if with_both and figures:
        charts.append(completer_charts.slopes(with_both, pair_of, visit=visit, score=score))
    if pairs and figures and all(code in pair.change for pair in pairs for code, _label in arms):
        charts.append(
            completer_charts.waterfall(
                pairs, arms, visit=visit, score=score, response_percent=protocol.endpoints.response_percent
            )
        )
    if figures:
        charts.append(completer_charts.patterns(pattern_counts(figures, labels), figures.completers))
    charts.append(means_chart(protocol, results))
    sentence = _("All figures are over the %(n)d completers: evaluable in every period.") % {
        "n": results.completers
    }
    return ReportSection(
        "treatments", _("Response and remission by treatment"), (sentence,), tuple(tables), tuple(charts)
    )


def _within(protocol: Protocol, results: ReportFigures, labels: Mapping[str, str]) -> ReportSection:
    """Whether the score moved under each treatment by itself, and what is published of it."""
    sentence = [
        f"{part['text']} ({part['source']})"
        for part in published(protocol.code).get("Change from baseline", [])
    ]
    return ReportSection(
        "within",
        _("Change from baseline within each treatment"),
        tuple(sentence),
        (within_table(results, labels),),
    )


def _secondary(
    protocol: Protocol, results: ReportFigures, figures: SecondaryFigures, labels: Mapping[str, str]
) -> ReportSection:
    second, first = (labels[code] for code in figures.contrast)
    return ReportSection(
        "secondary",
        _("Secondary analyses"),
        (
            _(
                "Change of %(score)s from the period’s baseline, %(second)s minus %(first)s: a positive difference"
                " says that the score fell less with %(second)s."
            )
            % {"score": endpoint_instrument(protocol).short_name, "first": first, "second": second},
            _(
                "Hills–Armitage uses completers of the visit; the mixed model (treatment, period, sequence, random"
                " participant; REML, Kenward–Roger) uses every period, also of participants who lack others."
            ),
            *not_defined_sentences(figures.not_defined),
        ),
        (contrast_table(figures, labels), means_table(results)),
    )


def _diagnostics(figures: SecondaryFigures) -> list[ReportSection]:
    """Of an AB/BA trial; others have none."""
    primary = next(visit.paired for visit in figures.visits if visit.visit == figures.primary_visit)
    if figures.baselines is None or primary is None:
        return []
    sentence = _(
        "For reading only. The carry-over test has little power and never chooses the analysis"
        " (Freeman 1989, doi:10.1002/sim.4780081202)."
    )
    return [
        ReportSection(
            "diagnostics",
            _("Diagnostics: period, carry-over, baselines, order"),
            (sentence,),
            (diagnostics_table(primary, figures.baselines),),
        )
    ]


def _exploratory(
    protocol: Protocol, results: ReportFigures, labels: Mapping[str, str]
) -> list[ReportSection]:
    """What the protocol sets beside the primary endpoint, and what is published of it."""
    compare = list(protocol.stopping.compare if protocol.stopping else labels)
    arms = [(code, labels[code]) for code in compare]
    comparisons = []
    for number, comparison in enumerate(results.exploratory_endpoints, start=1):
        sentences = [comparisons_text.sentence(comparison, labels, compare)]
        sentences += [
            f"{part['text']} ({part['source']})" for part in published(protocol.code).get(comparison.name, [])
        ]
        charts = (
            (comparisons_text.chart(comparison, arms, number),)
            if comparison.pairs and len(arms) == 2 and protocol.two_by_two
            else ()
        )
        title = _("%(name)s beside the primary endpoint") % {"name": comparison.name}
        comparisons.append(
            ReportSection(
                f"exploratory-{number}",
                title,
                tuple(sentences),
                (comparisons_text.table(comparison, labels),),
                charts,
            )
        )
    return comparisons


def _safety(results: ReportFigures, reported: SafetyReport | None) -> ReportSection:
    rule = results.safety
    return ReportSection(
        "safety",
        _("Safety"),
        (withdrawn_sentence(results), *safety_sentences(rule, reported)),
        (safety_table(rule),) if rule else (),
    )


@cache
def published(code: str) -> dict[str, list[dict[str, str]]]:
    """Topic → statements (text, source) that are published of the study `code`; empty for most."""
    file = PUBLISHED / f"{code}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def withdrawn_sentence(results: ReportFigures) -> str:
    return _("Withdrawn after randomisation: %(n)d of %(of)d.") % {
        "n": results.flow.withdrawn,
        "of": results.flow.randomised,
    }


def closing(decision: SignedDecision | None, looks: Sequence[LogRow]) -> list[ReportSection]:
    """What stands at the end of the printed report: the decision, and the log of looks."""
    sentences = [_("Not decided when this was printed.")]
    if decision:
        sentences = [
            _("Recommendation: %(word)s.") % {"word": RECOMMENDATIONS[decision.recommendation]},
            _("Decision: %(word)s.") % {"word": DECISIONS[decision.decision]},
            _("Reason: %(reason)s") % {"reason": decision.reason},
            _("Signed by %(name)s, %(at)s.")
            % {"name": decision.signed_name, "at": moment(decision.signed_at)},
        ]
    rows = tuple(
        (
            str(look.number),
            str(look.completers),
            look.taken_at,
            str(DECISIONS.get(look.decision, _("not decided"))),
            look.decided_by,
            look.decided_at,
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
        ReportSection("decision", _("Recommendation and decision"), tuple(sentences)),
        ReportSection("log", _("Log of looks"), tables=(FigureTable(_("Looks taken"), columns, rows),)),
    ]
