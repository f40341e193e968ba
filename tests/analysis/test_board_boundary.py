"""The stopping boundary: the flag, the table, the chart and the print say one thing of one look."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.board import paper
from analysis.board_flags import looks_shown
from analysis.board_report import results
from analysis.chart_shapes import Chart
from enrollment.domain.protocol import Protocol
from tests.analysis.test_board_report import CUT, RULES, trial
from trialsite.lib import canonical

SPENDINGS = ["lan_demets_obf", "lan_demets_pocock", "obrien_fleming", "pocock", "haybittle_peto"]


def rules_with(**changes: Any) -> Protocol:
    assert RULES.stopping
    return replace(RULES, stopping=replace(RULES.stopping, **changes))


def primary(
    rules: Protocol, data: dict[str, Any], **look: Any
) -> tuple[dict[str, Any], dict[str, str], Chart]:
    """The figures as stored, the row of the planned boundary in the table by column, and the chart."""
    found = json.loads(canonical.encode(results(rules, data, **({"earlier": {}} | look))))
    [section] = [one for one in paper(rules, found, CUT) if one.slug == "primary"]
    table = section.tables[0]
    row = dict(zip(table.columns, table.rows[0], strict=True))
    return found["monitoring"], row, section.charts[0]


def test_a_look_off_plan_is_drawn_where_it_was_tested() -> None:
    """10 against 0 of 14, planned at 12: the boundary at 14 of 30 is 3.0803, and z = 3.0973 crosses it."""
    shown, row, chart = primary(RULES, trial(10, 0, 4))
    assert shown["flags"] == ["efficacy"]
    assert (row["z at this look"], row["Observed z"], row["Crossed"]) == ("3.0803", "3.0973", "yes")
    assert chart.description == "Look 1: z = 3.097 against 3.080, boundary crossed."
    assert chart.rows[0][:4] == ("1", "14", "3.080", "3.097")
    assert chart.rows[1][:2] == ("2 (planned)", "30")


def test_the_first_look_stays_where_it_was_when_the_second_is_drawn() -> None:
    """Look 1 frozen with 14: the second look's chart has it at 14 with its own boundary, and no z of its own."""
    shown, _row, chart = primary(RULES, trial(8, 1, 21), earlier={1: 14}, number=2)
    assert chart.rows[0][:4] == ("1", "14", "3.080", "in its own report")
    assert chart.rows[1][:3] == ("2", "30", f"{shown['boundary']:.3f}")


def test_figures_of_earlier_versions_are_drawn_with_this_looks_boundary() -> None:
    shown, _row, _chart = primary(RULES, trial(10, 0, 4))
    del shown["made"]
    look = looks_shown(shown)[0]
    assert (look.completers, look.crossed) == (14, True)
    assert look.boundaries["lan_demets_obf"] == pytest.approx(3.0803, abs=5e-5)


@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.integers(0, 16), st.integers(0, 16), st.integers(0, 20)),
    st.sampled_from(SPENDINGS),
    st.sampled_from([1, 2]),
    st.sampled_from([{}, {1: 11}, {1: 14}, {1: 30}]),
)
def test_flag_table_and_chart_never_contradict_each_other(
    pairs: tuple[int, int, int], spending: str, sides: int, earlier: dict[int, int]
) -> None:
    """Whatever the data, the boundary and the looks made before."""
    rules = rules_with(spending=spending, sides=sides)
    shown, row, chart = primary(rules, trial(*pairs), earlier=earlier)
    if shown["look_due"] is None:
        assert "efficacy" not in shown["flags"]
        assert chart.description == "No look has taken place."
        return
    crossed = "efficacy" in shown["flags"]
    assert row["Crossed"] == ("yes" if crossed else "no")
    assert chart.description.endswith("boundary crossed." if crossed else "boundary not crossed.")
    assert [("crossed" in point.kind.split()) for point in chart.points] == [crossed]
    here = next(line for line in chart.rows if line[0] == str(shown["look_due"]))
    assert here[1] == str(shown["completers"]) == str(sum(pairs))
    if row["z at this look"] == "no error left":
        assert here[2] == "no error left"
    else:
        assert float(here[2]) == pytest.approx(float(row["z at this look"]), abs=6e-4)
    assert f"{shown['z']:.3f}" == here[3]
