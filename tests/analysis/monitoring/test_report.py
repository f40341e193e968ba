"""The report's figures from plain rows: edges, directions, looks off plan, and the report made of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.domain import sequential
from analysis.interim_data import InterimData, LookChange, changes
from analysis.monitoring import earlier, flow
from analysis.monitoring.figures import SHAPE
from analysis.monitoring.flags import crossed
from analysis.monitoring.interim import information, monitoring
from analysis.monitoring.report import EACH_UP_TO, completers_of, results
from analysis.monitoring.report_sections import report_sections
from analysis.monitoring.sections import DataCut
from enrollment.protocol.file import parse
from enrollment.protocol.model import Protocol
from tests.analysis.monitoring.reading import compared, look_test, monitored, present, stored
from tests.domain.enrollment.protocol.documents import ketnal

RULES: Protocol = parse(ketnal())
# Results as versions before the figures had a shape stored them.
STORED = json.loads((Path(__file__).parent / "stored_before_shapes.json").read_text())
CUT = DataCut(1, "9 Mar 2026 10:00:00 UTC", "0" * 64, "1.0", "1" * 64)


def row(period: int, arm: str, change: int | None, baseline: int = 28) -> dict[str, Any]:
    """A period with its primary visit; None: not evaluable."""
    seen = {"total": baseline + change, "change": change} if change is not None else {}
    return {
        "period": period,
        "arm": arm,
        "dosed_on": "2026-03-09",
        "baseline": baseline,
        "change": change,
        "response": None if change is None else -2 * change >= baseline,
        "remission": None if change is None else baseline + change <= 7,
        "evaluable": change is not None,
        "visits": {"DAY1": seen} if seen else {},
        "inputs": {},
        "rule_version": "1",
    }


def person(n: int, first: str, changes_: dict[str, int | None]) -> dict[str, Any]:
    second = "NAL" if first == "PLA" else "PLA"
    return {
        "participant": f"01-{n:03d}",
        "site": "01",
        "sequence": "PN" if first == "PLA" else "NP",
        "status": "completed",
        "periods": [row(1, first, changes_[first]), row(2, second, changes_[second])],
    }


def data(people: list[dict[str, Any]]) -> InterimData:
    return read({"participants": people, "not_randomised": []})


def read(rows: dict[str, Any]) -> InterimData:
    return earlier.cut_data(json.dumps({"data": rows}))


def trial(only_first: int, only_second: int, neither: int) -> InterimData:
    return read(trial_rows(only_first, only_second, neither))


def trial_rows(only_first: int, only_second: int, neither: int) -> dict[str, Any]:
    """Alternating sequences; a response is a fall of 20 or 21, none a fall of 5 or 6."""
    kinds = [(-20, -5)] * only_first + [(-6, -21)] * only_second + [(-5, -6)] * neither
    participants = [
        person(n, ("PLA", "NAL")[n % 2], {"PLA": pla - n % 2, "NAL": nal})
        for n, (pla, nal) in enumerate(kinds)
    ]
    return {"participants": participants, "not_randomised": []}


def test_nobody_gives_a_report_without_figures() -> None:
    """No participant: zeros and dashes, no look due, and the report can be written and stored."""
    found = results(RULES, data([]), earlier={})
    assert found.completers == 0
    assert monitored(found).flag == "no look due"
    assert monitored(found).test is None
    slugs = [section.slug for section in report_sections(RULES, stored(RULES, found), CUT)]
    assert slugs[:4] == ["question", "cut", "flow", "primary"]


def test_the_flow_is_by_sequence_and_adds_up() -> None:
    """Two columns after randomisation; who was excluded stands before it, who has no rating before the analysis."""
    rows = trial_rows(7, 0, 5)
    rows["participants"][0]["periods"][1] |= {"evaluable": False, "state": "to_come"}
    rows["not_randomised"] = [["screen_failed", ["HAM-D", "Age"], 1], ["withdrawn", [], 2]]
    found = results(RULES, read(rows), earlier={})
    [section] = [one for one in report_sections(RULES, stored(RULES, found), CUT) if one.slug == "flow"]
    chart = section.charts[0]
    assert chart.columns[2:] == ("PN", "NP")
    table = {row[0]: row[1:] for row in chart.rows}
    assert table["Assessed for eligibility"] == ("15", "", "")
    assert table["Excluded"] == ("3", "", "")
    assert table["Excluded: Age and HAM-D"] == ("1", "", "")
    assert table["Randomised"] == ("12", "", "")
    assert table["Not evaluable in every period"] == ("1", "1", "0")
    assert table["Completers: evaluable in every period"] == ("11", "5", "6")
    assert found.completers == 11


def test_a_look_frozen_by_an_earlier_version_shows_its_flow() -> None:
    """Its stored figures lack what the page draws now: they are counted from the frozen rows."""
    rows = trial_rows(7, 0, 5)
    old = {
        "participants": rows["participants"],
        "status": {"completed": 12, "screen_failed": 5, "eligible": 1},
    }
    figures = {**STORED["ab_ba"], "flow": {"screened": 18}}
    found = earlier.report_figures(RULES, figures, json.dumps({"data": old}))
    chart = flow.chart(RULES, found.flow)
    table = {row[0]: row[1] for row in chart.rows}
    assert table["Assessed for eligibility"] == "18"
    assert table["Excluded"] == "5"
    assert table["Completers: evaluable in every period"] == "12"


NEW = {"within", "people", "made", "periods", "score", "asymptotic", "not_defined", "others", "observations"}


def as_before(value: Any) -> Any:
    """Stored figures without the keys that versions before them did not write."""
    if isinstance(value, dict):
        return {key: as_before(one) for key, one in value.items() if key not in NEW}
    return [as_before(one) for one in value] if isinstance(value, list) else value


def test_the_figures_of_an_earlier_version_can_still_be_read() -> None:
    """A look is frozen for good: its page and its print are made of what it holds."""
    figures = as_before(STORED["ab_ba"]) | {"flow": {"screened": 12}}
    found = earlier.report_figures(RULES, figures, json.dumps({"data": trial_rows(7, 0, 5)}))
    slugs = [section.slug for section in report_sections(RULES, found, CUT)]
    assert "within" not in slugs
    assert {"primary", "treatments", "secondary", "diagnostics"} <= set(slugs)


def test_figures_stored_without_a_shape_make_the_same_report() -> None:
    """Those of a trial AB/BA, with what stands beside the endpoint, and of one with three treatments."""
    totals: list[tuple[int | None, int]] = [(20 + n % 3, 18 + n % 4) for n in range(12)]
    figures = stored(RULES, results(RULES, beside(trial_rows(7, 0, 5), totals), earlier={}))
    found = earlier.report_figures(RULES, STORED["ab_ba"], "")
    assert report_sections(RULES, found, CUT) == report_sections(RULES, figures, CUT)


def test_a_shape_that_changes_leaves_frozen_looks_readable() -> None:
    """A look is frozen for good. Whoever changes the shape says in earlier.py what the figures stored in this one are in
    the new one, adds a test of it here, and then changes the name."""
    assert SHAPE == "d7ab698b37632523"


def test_one_sequence_alone_compares_nothing_by_order() -> None:
    """Mainland–Gart and Hills–Armitage need both sequences: they are left out, the paired table stays."""
    people = [person(n, "PLA", {"PLA": -20 - n, "NAL": -5}) for n in range(12)]
    found = results(RULES, data(people), earlier={})
    response = present(compared(found).response)
    assert (response.n, response.orders) == (12, None)
    assert present(compared(found).visits[0].paired).treatment.gap == "sequence_empty"
    assert report_sections(RULES, stored(RULES, found), CUT)


def test_a_participant_with_one_period_counts_in_the_mixed_model_only() -> None:
    people = trial_rows(7, 0, 5)["participants"]
    people.append(person(40, "PLA", {"PLA": -12, "NAL": None}))
    found = results(RULES, data(people), earlier={})
    assert found.completers == 12
    assert found.flow.randomised == 13
    day1 = compared(found).visits[0]
    model = present(day1.mixed)
    assert (present(day1.paired).n, model.complete, model.partial) == (12, 12, 1)
    assert "01-040" not in completers_of(RULES, data(people))


def beside(people: dict[str, Any], totals: list[tuple[int | None, int]]) -> InterimData:
    """CADSS totals with placebo and with naltrexone, in the order of the people."""
    for one, (pla, nal) in zip(people["participants"], totals, strict=True):
        for period in one["periods"]:
            period["exploratory_endpoints"] = {"CADSS BASELINE": {"PLA": pla, "NAL": nal}[period["arm"]]}
    return read(people)


def test_dissociation_stands_beside_the_effect_by_treatment() -> None:
    """Over the completers with both totals; second minus first by Hills–Armitage. By hand: differences −2, 0, 1, 3
    of the four with placebo first in turn with the others; one without a total is left out."""
    totals: list[tuple[int | None, int]] = [(20, 18), (14, 14), (30, 31), (9, 12), (None, 25)]
    found = results(RULES, beside(trial_rows(5, 0, 0), totals), earlier={}).exploratory_endpoints[0]
    assert (found.name, found.n, found.of) == ("Dissociation", 4, 5)
    assert [arm.mean for arm in found.arms] == [18.25, 18.75]
    # PLA first: 20 → 18, 30 → 31; NAL first: 14 → 14, 12 → 9. Half the difference of the mean period differences.
    assert present(found.contrast).estimate == pytest.approx((1.5 - 0.5) / 2)
    [section] = [
        section
        for section in report_sections(
            RULES, results(RULES, beside(trial_rows(5, 0, 0), totals), earlier={}), CUT
        )
        if section.slug.startswith("exploratory")
    ]
    assert "4 of 5 completers" in section.sentences[0]
    assert [len(chart.lines) for chart in section.charts] == [4]


def test_rows_frozen_before_anything_stood_beside_can_still_be_read() -> None:
    found = results(RULES, trial(7, 0, 5), earlier={})
    assert (found.exploratory_endpoints[0].n, found.exploratory_endpoints[0].of) == (0, 12)
    assert report_sections(RULES, stored(RULES, found), CUT)
    assert changes(trial(1, 0, 0), trial(1, 0, 0)) == ()


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 15), st.integers(0, 15), st.integers(0, 15))
def test_swapping_the_treatments_turns_the_sign(first: int, second: int, neither: int) -> None:
    """With two sides the flag is the same, whichever treatment is the better."""
    one, other = (
        monitoring(RULES.stopping, list(completers_of(RULES, rows).values()), {})  # type: ignore[arg-type]
        for rows in (trial(first, second, neither), trial(second, first, neither))
    )
    assert one.flag == other.flag
    if one.test:
        z, boundaries = one.test.z, one.test.boundaries
        assert z == pytest.approx(-present(other.test).z)
        assert z >= 0 if first >= second else z <= 0
        assert crossed(z, boundaries["pocock"], 2) == crossed(-z, boundaries["pocock"], 2)


def test_with_one_side_the_wrong_direction_never_crosses() -> None:
    """Everybody better with the second: far beyond any boundary, on the side where there is none."""
    rule = RULES.stopping
    assert rule
    one_sided = replace(RULES, stopping=replace(rule, sides=1, alpha=0.025))
    assert monitored(results(one_sided, trial(0, 12, 0), earlier={})).flag == "futility"
    assert monitored(results(one_sided, trial(12, 0, 0), earlier={})).flag == "efficacy"


def test_looks_off_plan_count_with_the_completers_they_had() -> None:
    """Look 1 frozen with 14: look 2 is judged at 14/30 and 1; passed over it counts at 12/30."""
    rule = RULES.stopping
    assert rule
    assert information(rule, 2, 30, {1: 14}) == pytest.approx([14 / 30, 1])
    assert information(rule, 2, 30, {}) == pytest.approx([12 / 30, 1])
    assert information(rule, 1, 13, {}) == pytest.approx([13 / 30])
    found = look_test(results(RULES, trial(8, 1, 21), earlier={1: 14}, number=2))
    assert found.boundaries["lan_demets_obf"] == pytest.approx(
        sequential.boundary("lan_demets_obf", [14 / 30, 1])[-1]
    )


def test_a_very_small_p_stays_a_number() -> None:
    """Two thousand against none: z is finite and can be stored."""
    found = results(RULES, trial(2000, 0, 0), earlier={})
    assert look_test(found).z < 40
    assert monitored(found).flag == "efficacy"
    assert len(completers_of(RULES, trial(2000, 0, 0))) > EACH_UP_TO
    assert found.paired == ()
    assert stored(RULES, found) == found


def test_what_changed_is_named_and_newcomers_are_no_change() -> None:
    """A corrected total, and a participant who came later."""
    before, after = trial(2, 0, 1), trial_rows(2, 0, 1)
    assert changes(before, read(after)) == ()
    after["participants"].append(person(99, "PLA", {"PLA": -3, "NAL": -4}))
    assert changes(before, read(after)) == ()
    after["participants"][0]["periods"][0]["change"] = -1
    assert changes(before, read(after)) == (LookChange("01-000", 1, "change", "-20", "-1"),)
    del after["participants"][1]
    assert {change.participant for change in changes(before, read(after))} == {"01-000", "01-001"}


def test_a_protocol_without_a_stopping_rule_has_no_primary_section() -> None:
    """Flow, treatments and means remain."""
    rules = replace(RULES, stopping=None)
    found = stored(rules, results(rules, trial(3, 1, 2), earlier={}))
    slugs = [section.slug for section in report_sections(rules, found, CUT)]
    assert "primary" not in slugs
    assert "treatments" in slugs


def test_the_demo_has_a_chance_left_and_the_last_look_has_none() -> None:
    """After look 1 the curve rises with the effect assumed; after the last look there is none."""
    shown = present(look_test(results(RULES, trial(7, 0, 5), earlier={})).chances)
    powers = [power for _drift, power in shown.points]
    assert powers == sorted(powers)
    assert powers[0] == pytest.approx(shown.null)
    assert shown.trend[0] == pytest.approx(2.4176 / 0.4**0.5, abs=1e-3)
    assert look_test(results(RULES, trial(7, 0, 23), earlier={})).chances is None
