"""What a simulated design says, as lines of a terminal."""

from collections.abc import Sequence

from analysis.design.properties import Scenario
from analysis.domain.simulation import Characteristics, Estimate, Events, Rules
from analysis.monitoring.power import assumed
from analysis.monitoring.rules_text import ASSUMED
from analysis.monitoring.tables import BOUNDARIES
from enrollment.models import ProtocolVersion
from enrollment.protocol.model import StoppingRule


def rules_lines(protocol: ProtocolVersion, rules: Rules, events: Events | None) -> list[str]:
    """The design: test, looks and the limit of each rule at each look."""
    rule = _rule(protocol)
    sides = "two-sided" if rule.sides == 2 else "one-sided"
    looks = ", ".join(str(look.completers) for look in rule.looks)
    lines = [
        f"{protocol.study.code}, protocol {protocol.version}: alpha {rule.alpha:g}, {sides}, looks at {looks} completers.",
        f"Efficacy: {BOUNDARIES[rule.spending]}, z {_numbers(rules.upper)}.",
    ]
    if rule.futility and rules.futile:
        lines.append(
            f"Futility: {ASSUMED[assumed(rule.futility)]()} below {100 * rule.futility.below:g} %,"
            f" {_where(rule)} below {_numbers(rules.futile[:-1])}; never at the last look."
        )
    if rule.safety and rules.harmful:
        stops = ", ".join("never" if limit is None else str(limit) for limit in rules.harmful)
        sentence = f"Safety: {stops} participants with {rule.safety.event} stop the trial"
        rate = f"; {100 * events.rate:g} % have one." if events else "; not simulated."
        lines.append(sentence + rate)
    return lines


def scenario_lines(protocol: ProtocolVersion, scenario: Scenario, figures: Characteristics) -> list[str]:
    """One scenario: its error or power, the mean number of completers, and a line for each look."""
    rule = _rule(protocol)
    word = "Power" if scenario.effect else "Type I error"
    lines = [
        _title(scenario),
        f"  {word + ', efficacy boundary alone':<44} {_share(figures.crossing)}",
        f"  {word + ', all rules obeyed':<44} {_share(figures.success)}",
        f"  {'Mean number of completers':<44} {figures.expected.value:8.3f} ± {figures.expected.error:.3f}",
        f"  {'Ends at':<22}{'efficacy':>20}{'futility':>20}{'safety':>20}{'in all':>20}",
    ]
    for n, look in enumerate(rule.looks):
        cells = [figures.efficacy[n], figures.futility[n], figures.safety[n], figures.stopped[n]]
        name = f"look {look.number}, n = {look.completers}"
        lines.append(f"  {name:<22}" + "".join(f"{_share(cell):>20}" for cell in cells))
    return lines


def _title(scenario: Scenario) -> str:
    first, second = (f"{100 * share:g} %" for share in scenario.responses)
    if scenario.exact:
        return f"McNemar's exact test, {first} against {second} respond" + (
            "" if scenario.effect else ": no effect"
        )
    if scenario.effect:
        return f"Normal statistic, expected z at the end {scenario.drift:.3f} ({first} against {second})"
    return "Normal statistic, no effect"


def _where(rule: StoppingRule) -> str:
    if rule.sides == 1:
        return "z"
    return "z towards the effect planned for" if rule.futility and rule.futility.under == "design" else "|z|"


def _numbers(values: Sequence[float | None]) -> str:
    return ", ".join("never" if value is None else f"{value:.4f}" for value in values)


def _share(estimate: Estimate) -> str:
    return f"{100 * estimate.value:7.3f} % ± {100 * estimate.error:.3f}"


def _rule(protocol: ProtocolVersion) -> StoppingRule:
    rule = protocol.definition.stopping
    if rule is None:
        raise ValueError("the protocol plans no look")
    return rule
