"""The stopping boundary: the flag, the table, the chart and the print say one thing of one look."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.charts.shapes import Chart
from analysis.interim_data import InterimData
from analysis.monitoring.figures import MonitoringFigures
from analysis.monitoring.flags import looks_shown
from analysis.monitoring.report import results
from analysis.monitoring.report_sections import report_sections
from enrollment.protocol.model import Protocol
from tests.analysis.monitoring.reading import monitored, present, stored
from tests.analysis.monitoring.test_report import CUT, RULES, trial

SPENDINGS = ["lan_demets_obf", "lan_demets_pocock", "obrien_fleming", "pocock", "haybittle_peto"]


def rules_with(**changes: Any) -> Protocol:
    assert RULES.stopping
    return replace(RULES, stopping=replace(RULES.stopping, **changes))


def primary(
    protocol: Protocol, data: InterimData, **look: Any
) -> tuple[MonitoringFigures, dict[str, str], Chart]:
    """The figures as stored, the row of the planned boundary in the table by column, and the chart."""
    found = stored(protocol, results(protocol, data, **({"earlier": {}} | look)))
    [section] = [one for one in report_sections(protocol, found, CUT) if one.slug == "primary"]
    table = section.tables[0]
    row = dict(zip(table.columns, table.rows[0], strict=True))
    return monitored(found), row, section.charts[0]


def test_a_look_off_plan_is_drawn_where_it_was_tested() -> None:
    """10 against 0 of 14, planned at 12: the boundary at 14 of 30 is 3.0803, and z = 3.0973 crosses it."""
    shown, row, chart = primary(RULES, trial(10, 0, 4))
    assert shown.flags == ("efficacy",)
    assert (row["z at this look"], row["Observed z"], row["Crossed"]) == ("3.0803", "3.0973", "yes")
    assert chart.description == "Look 1: z = 3.097 against 3.080, boundary crossed."
    assert chart.rows[0][:4] == ("1", "14", "3.080", "3.097")
    assert chart.rows[1][:2] == ("2 (planned)", "30")


def test_the_first_look_stays_where_it_was_when_the_second_is_drawn() -> None:
    """Look 1 frozen with 14: the second look's chart has it at 14 with its own boundary, and no z of its own."""
    shown, _row, chart = primary(RULES, trial(8, 1, 21), earlier={1: 14}, number=2)
    assert chart.rows[0][:4] == ("1", "14", "3.080", "in its own report")
    assert chart.rows[1][:3] == ("2", "30", f"{present(shown.test).boundaries[shown.spending]:.3f}")


def test_figures_of_earlier_versions_are_drawn_with_this_looks_boundary() -> None:
    shown, _row, _chart = primary(RULES, trial(10, 0, 4))
    look = looks_shown(replace(shown, test=replace(present(shown.test), made=None)))[0]
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
    test = shown.test
    if test is None:
        assert "efficacy" not in shown.flags
        assert chart.description == "No look has taken place."
        return
    crossed = "efficacy" in shown.flags
    assert row["Crossed"] == ("yes" if crossed else "no")
    assert chart.description.endswith("boundary crossed." if crossed else "boundary not crossed.")
    assert [("crossed" in point.kind.split()) for point in chart.points] == [crossed]
    here = next(line for line in chart.rows if line[0] == str(test.number))
    assert here[1] == str(shown.completers) == str(sum(pairs))
    if row["z at this look"] == "no error left":
        assert here[2] == "no error left"
    else:
        assert float(here[2]) == pytest.approx(float(row["z at this look"]), abs=6e-4)
    assert f"{test.z:.3f}" == here[3]
