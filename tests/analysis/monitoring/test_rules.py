"""Futility, safety and the figures after a stop: what the report computes of plain rows, and how it says it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from scipy.stats import norm

from analysis.domain import futility, stagewise
from analysis.monitoring.figures import ChancesLeft, ReportFigures
from analysis.monitoring.flags import with_safety
from analysis.monitoring.power import design_drift, remaining_looks
from analysis.monitoring.records import SafetyReport, SafetyVerdict, SignedDecision
from analysis.monitoring.report import results
from analysis.monitoring.report_sections import report_sections
from analysis.monitoring.rules_text import percent
from enrollment.protocol.model import ExpectedResponses, FutilityRule, Protocol, StoppingRule
from tests.analysis.monitoring.reading import look_test, monitored, present, stored
from tests.analysis.monitoring.test_report import CUT, RULES, trial


def rule_of(protocol: Protocol) -> StoppingRule:
    assert protocol.stopping
    return protocol.stopping


RULE = rule_of(RULES)
STOP = SignedDecision("efficacy", "stop", "why", "Dr Stella Tanaka", datetime(2026, 3, 9, 10, 0, tzinfo=UTC))


def with_rule(**changes: Any) -> Any:
    return replace(RULES, stopping=replace(RULE, **changes))


def found_of(first: int, second: int, neither: int, **changes: Any) -> ReportFigures:
    """The results as they are stored and read again."""
    rules = with_rule(**changes)
    return stored(rules, results(rules, trial(first, second, neither), earlier={}))


def text_of(
    found: ReportFigures,
    reported: SafetyReport | None = None,
    decision: SignedDecision | None = None,
    rules: Any = RULES,
) -> str:
    """Sentences and cells of the report."""
    sections = report_sections(rules, found, CUT, decision, reported)
    said = [sentence for section in sections for sentence in section.sentences]
    cells = [c for s in sections for t in s.tables for c in (t.caption, *(x for row in t.rows for x in row))]
    return " | ".join([*said, *cells])


def chances(found: ReportFigures) -> ChancesLeft:
    return present(look_test(found).chances)


def test_conditional_power_is_that_of_the_domain() -> None:
    """One look left at the boundary planned: the published Z = 1 at one half, .220114 and .038213, with 1.96."""
    ahead = remaining_looks(replace(RULE, spending="pocock"), 1, [0.5])
    assert ahead
    ahead = replace(ahead, boundaries=(futility.CRITICAL,))
    assert ahead.chance(1, "trend") == pytest.approx(0.220114, abs=1e-6)
    assert ahead.chance(-1, "null") == pytest.approx(0.038213, abs=1e-6)
    assert ahead.chance(1, "predictive") == pytest.approx(0.292619, abs=1e-6)


def test_the_effect_planned_for_has_a_direction() -> None:
    """Six of ten against two: the chance under it falls when the data point the other way; the trend's does not."""
    ahead = remaining_looks(RULE, 1, [0.4])
    assert ahead
    assert design_drift(RULE) == pytest.approx(30**0.5 * 0.4 / 0.56**0.5)
    assert ahead.chance(-1.5, "design") < ahead.chance(1.5, "design")
    assert ahead.chance(-1.5, "trend") == pytest.approx(ahead.chance(1.5, "trend"))
    turned = remaining_looks(replace(RULE, design=ExpectedResponses((0.2, 0.6))), 1, [0.4])
    assert turned
    assert turned.chance(-1.5, "design") == pytest.approx(ahead.chance(1.5, "design"))
    without = remaining_looks(replace(RULE, design=None), 1, [0.4])
    assert without
    with pytest.raises(ValueError, match="no effect"):
        without.chance(1, "design")


FUTILITIES = [
    FutilityRule("conditional_power", 0.1, "trend"),
    FutilityRule("conditional_power", 0.1, "null"),
    FutilityRule("conditional_power", 0.1, "design"),
    FutilityRule("predictive_power", 0.1),
]


@pytest.mark.parametrize("rule", FUTILITIES, ids=lambda rule: rule.under or "predictive")
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("pairs", [(7, 0), (4, 2), (2, 2), (1, 4), (0, 5), (0, 0)])
def test_a_look_is_futile_below_the_limit_that_the_report_names(
    rule: FutilityRule, sides: int, pairs: tuple[int, int]
) -> None:
    """The flag, the chance against the rule, and z against the limit say the same."""
    first, second = pairs
    found = found_of(first, second, 12 - first - second, futility=rule, sides=sides)
    test = look_test(found)
    said = present(present(test.chances).futility)
    ahead = remaining_looks(replace(RULE, sides=sides, futility=rule), 1, test.information)
    assert ahead
    here = ahead.towards(test.z, said.assumed)
    assert said.reached == (said.chance < 0.1)
    assert said.reached == (said.limit is not None and here < said.limit)
    assert said.reached == ("futility" in monitored(found).flags)


def test_nothing_in_sight_is_futile_and_the_report_says_so() -> None:
    """Two against two of twelve: predictive power .05, below the tenth of the protocol."""
    found = found_of(2, 2, 8)
    assert (monitored(found).flag, monitored(found).flags) == ("futility", ("futility",))
    text = text_of(found)
    assert "Interim flag: futility" in text
    assert "predictive power below 10.0 %. Here 5.5 %: reached." in text
    assert "z in either direction lies below 0.2484" in text


def test_without_rules_the_report_says_that_there_are_none() -> None:
    rules = with_rule(futility=None, safety=None, design=None)
    found = found_of(2, 2, 8, futility=None, safety=None, design=None)
    assert monitored(found).flag == "continue"
    text = text_of(found, rules=rules)
    assert "no futility rule" in text
    assert "no safety boundary" in text
    assert "planned for" not in text


def test_the_demo_has_every_chance_beside_the_others() -> None:
    """7 against 0 at 12 of 30: none, trend, plan, predictive and the exact test's own."""
    chance = chances(found_of(7, 0, 5))
    z, t, c = norm.isf(0.015625 / 2), 0.4, 1.9623
    assert chance.null == pytest.approx(futility.conditional_power(z, t, 0, c), abs=1e-4)
    assert chance.trend[1] == pytest.approx(futility.conditional_power(z, t, z / t**0.5, c), abs=1e-4)
    assert present(chance.design)[1] == pytest.approx(futility.conditional_power(z, t, 2.9277, c), abs=1e-4)
    assert chance.predictive == pytest.approx(futility.predictive_power(z, t, c), abs=1e-4)
    level = 2 * float(norm.sf(c))
    assert chance.exact == pytest.approx(futility.paired_predictive_probability(7, 0, 12, 30, level=level))
    text = text_of(found_of(7, 0, 5))
    assert "The effect planned for: 60 % against 20 % respond" in text
    assert "Bayesian, uniform prior" in text


def test_the_exact_chance_is_of_the_better_treatment() -> None:
    """With two sides of whichever leads; with one of the first alone."""
    two = present(chances(found_of(1, 5, 6)).exact)
    assert two == pytest.approx(chances(found_of(5, 1, 6)).exact)
    assert present(chances(found_of(1, 5, 6, sides=1, alpha=0.025)).exact) < two


@pytest.mark.requirement("STA-06")
def test_a_safety_stop_comes_before_efficacy_and_both_are_named() -> None:
    shown = monitored(found_of(12, 0, 0))
    assert shown.flags == ("efficacy",)
    both = with_safety(shown, stops=True)
    assert (both.flag, both.flags) == ("safety", ("safety", "efficacy"))
    assert with_safety(shown, stops=False) == shown
    look = reported(events=5, stops=True)
    assert "Interim flag: safety: the safety boundary is reached. Also: efficacy" in text_of(
        found_of(12, 0, 0), look
    )


def reported(events: int, stops: bool) -> SafetyReport:
    return SafetyReport(
        SafetyVerdict(events, treated=12, probability=0.97, stops=stops),
        "safety report of 9 Mar 2026",
        "Dr Stella Tanaka",
        datetime(2026, 3, 9, 10, 0, tzinfo=UTC),
    )


def test_safety_is_not_assessed_until_a_number_is_reported() -> None:
    """The rule and its boundary stand there; a number and who said it come with the report."""
    found = found_of(7, 0, 5)
    safety = present(found.safety)
    assert (safety.treated, safety.limit) == (12, 5)
    assert safety.boundary == ((3, 3), (6, 4), (12, 5), (19, 6), (26, 7))
    text = text_of(found)
    assert "Among 12 treated it stops at 5 with a serious adverse event." in text
    assert "Not assessed yet. Enter at the look how many participants had one" in text
    text = text_of(found, reported(events=1, stops=False))
    assert "Reported to the committee: 1 of 12 treated with a serious adverse event" in text
    assert "the safety boundary is not reached" in text
    assert "safety report of 9 Mar 2026; entered by Dr Stella Tanaka, 9 Mar 2026 10:00:00 UTC" in text
    assert "Not assessed" not in text


def test_with_two_treated_no_number_of_events_stops() -> None:
    found = found_of(1, 0, 1)
    assert present(found.safety).limit is None
    assert "No number of participants with a serious adverse event stops it among 2 treated" in text_of(found)


def test_after_a_stop_at_the_first_look_the_figures_are_the_ordinary_ones() -> None:
    """7 against 0 at 12 of 30: p .015625; z/√.4 = 3.8225; ± 1.96/√.4; repeated ± 3.3569/√.4."""
    found = present(look_test(found_of(7, 0, 5)).ended)
    z = float(norm.isf(0.015625 / 2))
    assert found.p == pytest.approx(0.015625)
    assert found.estimate == pytest.approx(z / 0.4**0.5)
    assert found.interval == pytest.approx(((z - 1.959964) / 0.4**0.5, (z + 1.959964) / 0.4**0.5), abs=1e-5)
    assert found.repeated == pytest.approx(((z - 3.3569) / 0.4**0.5, (z + 3.3569) / 0.4**0.5), abs=1e-3)
    stopped = text_of(found_of(7, 0, 5), decision=STOP)
    assert "The trial ended at look 1: the committee decided to stop." in stopped
    assert "The scale is the drift" in stopped
    assert "This was the first look" in stopped
    assert "0.724 to 6.921 | stage-wise order" in stopped
    assert "After the end" not in text_of(found_of(7, 0, 5), decision=replace(STOP, decision="continue"))


@pytest.mark.requirement("STA-06")
def test_after_the_last_look_the_first_is_allowed_for() -> None:
    """12 against 2 of 30, look 1 at 12 passed over: the stage-wise figures of the recursion."""
    found = found_of(12, 2, 16)
    shown = look_test(found)
    end = present(shown.ended)
    z = float(norm.isf(shown.p / 2))
    expected = stagewise.after_stop([0.4, 1.0], z, [3.3569])
    assert monitored(found).flag == "efficacy"
    assert end.p == pytest.approx(expected.p, abs=1e-6)
    assert end.p > shown.p
    assert end.estimate == pytest.approx(expected.estimate, abs=1e-4)
    assert end.interval == pytest.approx((expected.low, expected.high), abs=1e-3)
    text = text_of(found)
    assert "The trial ended at look 1, the last planned, with its boundary crossed." in text
    assert "This was the first look" not in text
    assert "the last planned." in text_of(found_of(3, 2, 25))


def test_with_one_side_the_intervals_have_one_end() -> None:
    end = present(look_test(found_of(12, 2, 16, sides=1, alpha=0.025)).ended)
    assert (end.interval[1], end.repeated[1]) == (None, None)
    rules = with_rule(sides=1, alpha=0.025)
    assert "97.5 % interval | from" in text_of(found_of(12, 2, 16, sides=1, alpha=0.025), rules=rules)


@pytest.mark.parametrize("pairs", [(30, 0, 0), (0, 30, 0), (0, 0, 30), (400, 0, 0)])
def test_extremes_give_figures_that_can_be_stored(pairs: tuple[int, int, int]) -> None:
    assert look_test(found_of(*pairs)).ended is not None


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0.0 %"), (0.0001, "< 0.1 %"), (0.5, "50.0 %"), (0.9999, "> 99.9 %"), (1.0, "100.0 %")],
)
def test_what_is_not_certain_is_never_said_to_be(share: float, said: str) -> None:
    assert percent(share) == said


def test_a_misspelt_assumption_is_refused() -> None:
    """It would be the chance under another effect, under the name asked for."""
    ahead = remaining_looks(RULE, 1, [0.4])
    assert ahead
    with pytest.raises(ValueError, match="assumed must be"):
        ahead.chance(1, "desing")
    with pytest.raises(ValueError, match="assumed must be"):
        ahead.drift(1, "predictive")
