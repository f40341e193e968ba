"""Charts: values are where the axes say, gaps stay gaps, and drawing and table say the same."""

import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from analysis.blinded.proportion import Proportion
from analysis.charts import blinded, plots
from analysis.charts import trajectories as chart_trajectories
from analysis.charts.builder import ChartBuilder
from analysis.charts.flow import FlowStep, flow
from analysis.charts.looks import LookPoint, boundary, means
from analysis.charts.shapes import Chart, num, path, steps, ticks
from analysis.charts.trajectories import VisitPlan
from analysis.dashboard.charts import svg_file
from analysis.domain.spread import Spread

VISITS = [
    VisitPlan("BASELINE", "Baseline", 0, 0, 0),
    VisitPlan("DAY1", "Day 1", 1, 1, 2),
    VisitPlan("DAY3", "Day 3", 3, 2, 4),
]
SEVEN_OF_12 = Proportion(7, 12, 700 / 12, 27.67, 84.83)
NOBODY = Proportion(0, 0, None, None, None)


def trajectories(lit: str = "") -> Chart:
    return chart_trajectories.trajectories(
        [
            chart_trajectories.Trajectory("P-0101", 1, {"BASELINE": 25, "DAY1": None, "DAY3": 5}),
            chart_trajectories.Trajectory(
                "P-0101", 2, {"BASELINE": 26, "DAY1": 20, "DAY3": 21}, {"DAY3": 6}, frozenset({"DAY3"})
            ),
        ],
        VISITS,
        maximum=40,
        score="HAMD17",
        remission_max=7,
        lit=lit,
    )


def pooled() -> Chart:
    return plots.proportions(
        "Response", "By day.", [("Day 1", [SEVEN_OF_12, NOBODY])], ["response", "remission"]
    )


def enrolment() -> Chart:
    start = date(2026, 1, 5)
    return plots.enrolment([(start, 1), (start + timedelta(days=10), 3)], 30)


def washouts() -> Chart:
    return plots.washouts([(14, 1), (33, 2), (63, 1)], minimum=14, target=33, maximum=63)


def looks() -> Chart:
    return boundary(
        [LookPoint(1, 12, 3.1, 2.456), LookPoint(2, 30, 1.96, None, planned=True)], name="O’Brien–Fleming"
    )


def by_arm() -> Chart:
    return means(
        [("A & B", [(28.0, 12), (None, 0)]), ("A", [(27.5, 12), (6.25, 12)])],
        [("Baseline", 0), ("Day 1", 1)],
        maximum=30,
        score="HAMD17",
    )


EXCLUDED = FlowStep("Excluded <none>", 5, True, (("HAM-D", 4), ("A and B", 1)))


def steps_of_flow() -> Chart:
    return flow(
        [FlowStep("Screened", 19), EXCLUDED, FlowStep("Randomised", 14)], [("", [FlowStep("Completers", 12)])]
    )


def flow_by_sequence() -> Chart:
    trunk = [FlowStep("Screened", 19), EXCLUDED, FlowStep("Randomised", 14)]
    left = [
        FlowStep("Treated", 7),
        FlowStep("Not analysed", 1, True, (("withdrawn", 1),)),
        FlowStep("Completers", 6),
    ]
    right = [FlowStep("Treated", 7), FlowStep("Not analysed", 0, True), FlowStep("Completers", 7)]
    return flow(trunk, [("PN", left), ("NP", right), ("XX", right)])


def timeliness() -> Chart:
    return blinded.timeliness(
        [("Day 1", {"in_window": 6, "late": 1, "overdue": 1}), ("Day 3", {})], as_of="9 Mar 2026"
    )


def baselines() -> Chart:
    one = Spread(12, 26.5, 3.1, 21, 24.25, 26.5, 29, 33)
    return blinded.baselines(
        [("Period 1", one), ("Period 2", one)], score="HAMD17", description="Alike.", maximum=40
    )


ALL = [
    timeliness,
    baselines,
    trajectories,
    pooled,
    enrolment,
    washouts,
    looks,
    by_arm,
    steps_of_flow,
    flow_by_sequence,
]


@given(
    low=st.floats(-1e4, 1e4),
    span=st.floats(0.01, 1e5),
    about=st.integers(2, 8),
)
def test_ticks_are_round_even_and_enclose_the_data(low: float, span: float, about: int) -> None:
    """An axis starts at or below the smallest value, ends at or above the largest, in equal steps."""
    found = ticks(low, low + span, about)
    step = found[1] - found[0]
    assert found[0] <= low + step * 1e-6
    assert found[-1] >= low + span - step * 1e-6
    assert len(found) <= about + 3
    assert f"{step:.0e}"[0] in "125"
    assert all(b - a == pytest.approx(step, rel=1e-6) for a, b in pairwise(found))


def test_numbers_for_svg_have_a_full_stop_and_no_noise() -> None:
    """A decimal comma would break the drawing."""
    assert [num(1 / 3), num(2.0), num(-0.26)] == ["0.3", "2", "-0.3"]


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    """A missing value is neither drawn as 0 nor bridged."""
    assert path([(0, 1), None, (2, 3), (4, 5)]) == "M0 1M2 3L4 5"
    assert path([None]) == ""
    assert steps([(0, 9), (5, 4)]) == "M0 9H5V4"


def test_a_value_is_where_the_axis_says() -> None:
    """The same scale places points, ticks and thresholds."""
    frame = ChartBuilder(0, 40)
    assert frame.y(0) == 280 - frame.bottom
    assert frame.y(40) == frame.top
    assert frame.y(20) == pytest.approx((frame.y(0) + frame.y(40)) / 2)


def test_a_visit_without_a_total_has_no_point() -> None:
    """Period 1 has two totals of three visits: two points, a broken line, and "not done" in the table."""
    chart = trajectories()
    first, second = chart.lines
    assert (len(first.points), first.d.count("M")) == (2, 2)
    assert (len(second.points), second.d.count("M")) == (3, 1)
    assert chart.rows[0] == ("P-0101", "1", "25", "not done", "5")
    assert chart.n == "n = 1 participant"


def test_periods_stand_side_by_side() -> None:
    """Every point of period 2 lies to the right of every point of period 1."""
    first, second = trajectories().lines
    assert max(float(p.x) for p in first.points) < min(float(p.x) for p in second.points)


def test_a_proportion_is_a_point_on_its_interval() -> None:
    """7 of 12 stands at 58.3 per cent of the axis; its line goes from the lower to the upper limit."""
    chart = pooled()
    frame = ChartBuilder(0, 100, chart.width, chart.height)
    (point,) = chart.points
    assert float(point.y) == pytest.approx(frame.y(700 / 12), abs=0.1)
    assert point.tip == "Day 1, response: 7/12, 58 % (28–85 %)"
    line = next(
        segment for segment in chart.segments if segment.kind == "interval s1" and segment.x1 == segment.x2
    )
    assert line.x1 == point.x
    assert float(line.y1) == pytest.approx(frame.y(27.67), abs=0.1)
    assert float(line.y2) == pytest.approx(frame.y(84.83), abs=0.1)


def test_nobody_evaluable_is_said_and_not_drawn_as_zero() -> None:
    """0 of 0 is no point at 0."""
    chart = pooled()
    assert len(chart.points) == 1
    assert chart.rows == (("Day 1", "7/12, 58 % (28–85 %)", "none evaluable"),)


def test_enrolment_counts_against_the_plan() -> None:
    """The planned number is a line, whatever was reached."""
    chart = enrolment()
    assert chart.description == "3 of 30 planned participants are randomised."
    assert chart.rows[-1] == ("15 Jan 2026", "3")
    assert any(text.text == "planned: 30" for text in chart.texts)


def test_enrolment_before_the_first_participant() -> None:
    """An empty study has a chart without a line and a sentence that says 0."""
    chart = plots.enrolment([], 30)
    assert chart.description.startswith("0 of 30")
    assert chart.rows == ()


def test_each_washout_is_a_dot_between_its_limits() -> None:
    """Four participants, four dots; the mean is over people, not over distinct lengths."""
    chart = washouts()
    assert len(chart.points) == 4
    assert chart.description == "Mean 35.8 days, from 14 to 63."


def test_many_washouts_become_a_histogram_that_loses_nobody() -> None:
    """Weeks add up to the number of participants; the table keeps the days."""
    counts = [(days, 20) for days in range(14, 64)]
    chart = plots.washouts(counts, minimum=14, target=33, maximum=63)
    heads = [int(re.search(r": (\d+) ", box.tip)[1]) for box in chart.boxes]  # type: ignore[index]
    assert sum(heads) == 20 * 50
    assert not chart.points
    assert len(chart.rows) == 50


def test_a_look_not_taken_has_no_figure() -> None:
    """The second look is planned: no z, and the table says so."""
    chart = looks()
    assert chart.description == "Look 1: z = 2.456 against 3.100, boundary not crossed."
    assert chart.rows[1] == ("2 (planned)", "30", "1.960", "not taken yet")
    assert len(chart.points) == 1


@pytest.mark.parametrize(("crossed", "said"), [(True, "boundary crossed"), (False, "not crossed")])
def test_whether_the_boundary_is_crossed_is_what_the_test_says(crossed: bool, said: str) -> None:
    """The drawing does not judge for itself, nor against a boundary where nothing crosses."""
    chart = boundary([LookPoint(1, 12, 3.1, 9.9, crossed), LookPoint(2, 30, None, None)], name="b")
    assert said in chart.description
    assert ("crossed" in chart.points[0].kind.split()) is crossed
    assert chart.rows[1] == ("2", "30", "no error left", "in its own report")


def test_those_who_leave_stand_beside_the_main_line() -> None:
    """Losses are to the right; the main line goes straight down."""
    chart = steps_of_flow()
    main = [box for box in chart.boxes if box.kind == "step"]
    out = [box for box in chart.boxes if box.kind == "step-out"]
    assert len({box.x for box in main}) == 1
    assert float(out[0].x) > float(main[0].x) + float(main[0].width)
    assert [row[1] for row in chart.rows] == ["19", "5", "4", "1", "14", "12"]


def test_each_sequence_has_its_own_line() -> None:
    """Side by side, a step of all of them on one level; the table has everybody and each sequence."""
    chart = flow_by_sequence()
    main = [box for box in chart.boxes if box.kind == "step"]
    assert len({box.y for box in main[2:5]}) == len({box.y for box in main[5:]}) == 1
    assert len({box.x for box in main[2:5]}) == 3
    assert [box.kind for box in chart.boxes].count("step-out") == 2
    assert chart.columns == ("Step", "Participants", "PN", "NP", "XX")
    assert chart.rows[-1] == ("Completers", "20", "6", "7", "7")
    assert chart.rows[0] == ("Screened", "19", "", "", "")


@pytest.mark.parametrize("make", ALL)
def test_everything_is_inside_the_drawing(make) -> None:  # type: ignore[no-untyped-def]
    """No mark and no box beyond the edge of the paper."""
    chart = make()
    points = [*chart.points, *(point for line in chart.lines for point in line.points)]
    assert all(0 <= float(p.x) <= chart.width and 0 <= float(p.y) <= chart.height for p in points)
    assert all(float(b.x) + float(b.width) <= chart.width for b in chart.boxes)
    assert all(float(b.y) + float(b.height) <= chart.height for b in chart.boxes)
    assert all(0 <= float(t.y) <= chart.height for t in chart.texts)


@pytest.mark.parametrize("make", ALL)
def test_the_drawing_obeys_the_content_security_policy(make) -> None:  # type: ignore[no-untyped-def]
    """No inline style, no script, no event handler; every value that can be pointed at has its words."""
    html = render_to_string("analysis/charts/_chart.html", {"chart": make()})
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=", html)
    assert html.count("data-tip=") == html.count("data-tick")


@pytest.mark.parametrize("make", ALL)
def test_the_file_is_well_formed_and_carries_its_title(make) -> None:  # type: ignore[no-untyped-def]
    """The download opens in any program, with names escaped and colours inside."""
    chart = make()
    root = ET.fromstring(svg_file(chart))  # noqa: S314 -- our own file
    words = " ".join(text.strip() for text in root.itertext())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert chart.title in words
    assert "--ts-series-1" in words


def test_a_rating_outside_its_window_stands_on_its_own_day() -> None:
    """Day 3 was rated on day 6, after its window: a diamond to the right of the window's band, said in the table."""
    chart = trajectories()
    late = chart.lines[1].points[-1]
    band = chart.boxes[-1]
    assert late.shape == "diamond"
    assert float(late.x) > float(band.x) + float(band.width)
    assert chart.rows[1][-1] == "21 (day 6, outside its window)"
    assert {point.shape for point in chart.lines[0].points} == {"circle"}


def test_only_the_exceptions_are_drawn_and_stand_on_each_other() -> None:
    """One late and one overdue of eight: a bar of two visits; nothing due draws nothing; the table has them all."""
    chart = timeliness()
    frame = ChartBuilder(0, 4, chart.width, chart.height)
    assert [box.kind for box in chart.boxes] == ["part late", "part overdue"]
    assert float(chart.boxes[0].y) == pytest.approx(frame.y(1), abs=0.1)
    assert float(chart.boxes[1].y) == pytest.approx(frame.y(2), abs=0.1)
    assert chart.description.startswith("2/8, 25 % of the visits due until 9 Mar 2026")
    assert chart.rows[0] == ("Day 1", "6/8, 75 %", "0/8, 0 %", "1/8, 12 %", "0/8, 0 %", "1/8, 12 %", "8")
    assert chart.rows[1] == ("Day 3", *["none due"] * 5, "0")


def test_counts_of_people_stand_on_whole_numbers() -> None:
    """Two washouts of one length: the upper dot is at 2 on the axis of participants."""
    chart = washouts()
    lowest, highest = (
        float(text.y) - 4 for text in chart.texts if text.text in {"0", "2"} and text.anchor == "end"
    )
    stacked = sorted(float(point.y) for point in chart.points if "33 days" in point.tip)
    assert stacked[0] == pytest.approx(highest, abs=0.2)
    assert stacked[1] == pytest.approx((lowest + highest) / 2, abs=0.2)


def test_both_lines_of_a_chosen_participant_are_lit_with_their_values() -> None:
    """From the start, without a pointer."""
    chart = trajectories(lit="P-0101")
    assert chart.has_lit
    assert [line.lit for line in chart.lines] == [True, True]
    assert [text.text for text in chart.lines[0].values] == ["25", "5"]
    assert not trajectories(lit="P-0102").has_lit
