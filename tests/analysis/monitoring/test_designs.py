"""Designs other than AB/BA: every period counts, and what a design has no figure of is said."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.domain import binary, flow
from analysis.domain.populations import PeriodRecord, membership
from analysis.interim_data import InterimData
from analysis.monitoring import earlier
from analysis.monitoring import flow as board_flow
from analysis.monitoring.figures import MixedContrasts, ReportFigures
from analysis.monitoring.pdf import ReportCover, pdf
from analysis.monitoring.report import completers_of, results
from analysis.monitoring.report_sections import report_sections
from enrollment.protocol.model import Arm, PeriodSpec, Protocol, SequenceSpec
from tests.analysis.monitoring.reading import compared, look_test, monitored, present, stored
from tests.analysis.monitoring.test_report import CUT, RULES, STORED, row
from tests.analysis.monitoring.test_report import data as interim_data

Change = Callable[[int, str, int], int | None]


def design(*orders: str, compare: tuple[str, str] = ("A", "B")) -> Protocol:
    """A protocol of these sequences, one letter a treatment."""
    assert RULES.stopping
    arms = sorted(set("".join(orders)))
    return replace(
        RULES,
        arms=tuple(Arm(code, f"Treatment {code}", "") for code in arms),
        sequences=tuple(SequenceSpec(order, tuple(order)) for order in orders),
        periods=tuple(PeriodSpec(n, f"Period {n}") for n in range(1, len(orders[0]) + 1)),
        stopping=replace(RULES.stopping, compare=compare),
        exploratory_endpoints=(),
    )


def rows_of(protocol: Protocol, people: int, change: Change) -> InterimData:
    """`people` in turn over the sequences; `change`: of participant, arm and period."""
    found = []
    for n in range(people):
        sequence = protocol.sequences[n % len(protocol.sequences)]
        periods = [row(k, arm, change(n, arm, k)) for k, arm in enumerate(sequence.arms, start=1)]
        found.append(
            {
                "participant": f"01-{n:03d}",
                "site": "01",
                "sequence": sequence.code,
                "status": "completed",
                "periods": periods,
            }
        )
    return interim_data(found)


def report(protocol: Protocol, data: InterimData) -> tuple[ReportFigures, str]:
    """The figures as stored, and every word of the report, which can be printed."""
    found = stored(protocol, results(protocol, data, earlier={}))
    sections = report_sections(protocol, found, CUT)
    words = [sentence for section in sections for sentence in section.sentences]
    words += [
        cell for section in sections for table in section.tables for line in table.rows for cell in line
    ]
    assert pdf(ReportCover("X", 1, "0" * 64), sections).startswith(b"%PDF")
    return found, " | ".join(words)


def modelled(figures: ReportFigures) -> MixedContrasts:
    """The mixed model at the first visit."""
    return present(compared(figures).visits[0].mixed)


def test_a_replicate_design_uses_every_period() -> None:
    """ABAB and BABA, 40 people, all respond to A in their first period of it; in the second only 4 of 10 do.

    The last periods alone would say 16, the first alone 40: by all of them 40 responded to A more often than to B."""
    rules = design("ABAB", "BABA")
    data = rows_of(
        rules, 40, lambda n, arm, k: -20 - n % 2 if arm == "A" and (k < 3 or n % 10 < 4) else -5 - n % 3
    )
    found, words = report(rules, data)
    shown = monitored(found)
    assert (shown.only_first, shown.only_second, shown.both, shown.neither) == (40, 0, 0, 0)
    assert look_test(found).p == pytest.approx(binary.mcnemar_exact(40, 0))
    model = modelled(found)
    assert (model.observations, model.complete) == (160, 40)
    assert [(arm.n, arm.participants, arm.responders) for arm in found.arms] == [
        (80, 40, 56),
        (80, 40, 0),
    ]
    assert "the exact sign test of which treatment a participant responded to more often" in words
    assert "Not defined by this design. Hills–Armitage" in words
    assert "Not defined by this design. The paired difference of proportions" in words


def test_as_often_with_both_is_a_tie() -> None:
    """A response in one of two periods with either treatment says nothing for either."""
    rules = design("ABAB", "BABA")
    data = rows_of(rules, 12, lambda n, arm, k: -20 if k < 3 else -5)
    found = report(rules, data)[0]
    shown = monitored(found)
    assert (shown.only_first, shown.only_second, shown.both, look_test(found).p) == (0, 0, 12, 1.0)


def test_a_participant_without_one_replicate_is_no_completer_but_counts_in_the_model() -> None:
    rules = design("ABAB", "BABA")
    data = rows_of(
        rules,
        8,
        lambda n, arm, k: None if (n, k) == (0, 4) else -20 - k - n % 3 if arm == "A" else -5 - n % 2,
    )
    found, _words = report(rules, data)
    assert found.completers == 7
    mixed = modelled(found)
    assert (mixed.complete, mixed.partial, mixed.observations) == (7, 1, 31)


def test_a_williams_study_is_analysed_over_three_periods() -> None:
    """Every treatment against the reference by the mixed model, the pair compared by its paired tests; the rest named."""
    rules = design("ABC", "ACB", "BAC", "BCA", "CAB", "CBA")
    effect = {"A": -20, "B": -5, "C": -10}
    found, words = report(rules, rows_of(rules, 24, lambda n, arm, k: effect[arm] - n % 4 - k + (n * k) % 3))
    mixed = modelled(found)
    assert mixed.observations == 72
    assert mixed.treatments["B"].estimate == pytest.approx(15, abs=0.5)
    assert mixed.treatments["C"].estimate == pytest.approx(10, abs=0.5)
    assert present(mixed.treatments["B"].p) < 0.001
    response = present(compared(found).response)
    assert response.n == 24
    assert response.p == look_test(found).p
    assert (response.difference.estimate, response.orders) == (1.0, None)
    before = earlier.report_figures(rules, STORED["williams"], "")
    assert report_sections(rules, before, CUT) == report_sections(rules, found, CUT)
    assert "mixed model, Treatment C − Treatment A" in words
    assert "Not defined by this design. Hills–Armitage" in words
    assert "paired difference of proportions:" not in words.lower().split("not defined")[-1]


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        (("AB", "BA", "AA", "BB"), "Not defined by this design"),
        (("ABB", "BAA"), "more than one period"),
        (("AB", "BC", "CA"), "whose sequence does not hold both treatments"),
        (("A", "B"), "with one period nobody receives two treatments"),
    ],
)
def test_other_designs_have_a_report_that_says_what_it_lacks(orders: tuple[str, ...], said: str) -> None:
    """Nothing fails, and nothing is missing without a word."""
    rules = design(*orders)
    data = rows_of(rules, 24, lambda n, arm, k: -20 - n % 3 if arm == "A" else -5 - (n * k) % 4)
    found, words = report(rules, data)
    assert said in words
    assert found.completers == 24
    used = modelled(found).observations
    assert used == 24 * len(orders[0])


def test_without_a_stopping_rule_the_treatments_are_compared_all_the_same() -> None:
    rules = replace(design("ABC", "BCA", "CAB"), stopping=None)
    found, _words = report(rules, rows_of(rules, 12, lambda n, arm, k: -5 - n % 3 - (k * n) % 4))
    assert compared(found).contrast == ("B", "A")
    assert modelled(found).observations == 36


STATES = st.sampled_from(["evaluable", "no_primary", "no_baseline", "not_dosed"])


@settings(deadline=None)
@given(st.lists(st.tuples(*[STATES] * 4), max_size=20))
def test_completers_are_the_same_in_report_flow_page_and_export(
    people: list[tuple[flow.PeriodState, ...]],
) -> None:
    """The report's completers, those of the flow, and the flag that page and export show."""
    rules = design("ABAB", "BABA")
    data = rows_of(rules, len(people), lambda n, _arm, k: -5 if people[n][k - 1] == "evaluable" else None)
    data = replace(
        data,
        participants=tuple(
            replace(
                participant,
                periods=tuple(
                    replace(period, state=state)
                    for period, state in zip(participant.periods, states, strict=True)
                ),
            )
            for participant, states in zip(data.participants, people, strict=True)
        ),
    )
    members = [
        membership(
            True,
            [
                PeriodRecord(k, s != "not_dosed", s in ("evaluable", "no_primary"), s == "evaluable")
                for k, s in enumerate(states, start=1)
            ],
            [1, 2, 3, 4],
        )
        for states in people
    ]
    flagged = [f"01-{n:03d}" for n, member in enumerate(members) if member.completer]
    assert list(completers_of(rules, data)) == flagged
    figures = board_flow.figures(rules, data).sequences.values()
    assert sum(flow.reached(flow.from_rows(stops), 6) for stops in figures) == len(flagged)
