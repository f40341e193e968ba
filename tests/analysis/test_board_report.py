"""The report's figures from plain rows: edges, directions, looks off plan, and the paper made of them."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import board_flow
from analysis.board import Cut, paper
from analysis.board_flags import crossed
from analysis.board_flow import frozen
from analysis.board_monitoring import information, monitoring
from analysis.board_report import EACH_UP_TO, completers_of, results
from analysis.domain import sequential
from analysis.looks import changes
from enrollment.domain.protocol import Protocol
from enrollment.domain.protocol_file import parse
from tests.domain.enrollment.documents import ketnal
from trialsite.lib import canonical

RULES: Protocol = parse(ketnal())
CUT = Cut(1, "9 Mar 2026 10:00:00 UTC", "0" * 64, "1.0", "1" * 64)


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


def data(people: list[dict[str, Any]]) -> dict[str, Any]:
    return {"participants": people, "not_randomised": []}


def trial(only_first: int, only_second: int, neither: int) -> dict[str, Any]:
    """Alternating sequences; a response is a fall of 20 or 21, none a fall of 5 or 6."""
    kinds = [(-20, -5)] * only_first + [(-6, -21)] * only_second + [(-5, -6)] * neither
    return data(
        [
            person(n, ("PLA", "NAL")[n % 2], {"PLA": pla - n % 2, "NAL": nal})
            for n, (pla, nal) in enumerate(kinds)
        ]
    )


def test_nobody_gives_a_report_without_figures() -> None:
    """No participant: zeros and dashes, no look due, and the paper can be written and stored."""
    found = results(RULES, data([]), earlier={})
    assert found["completers"] == 0
    assert found["monitoring"]["flag"] == "no look due"
    assert "z" not in found["monitoring"]
    canonical.encode(found)
    slugs = [section.slug for section in paper(RULES, json.loads(json.dumps(found)), CUT)]
    assert slugs[:4] == ["question", "cut", "flow", "primary"]


def test_the_flow_is_by_sequence_and_adds_up() -> None:
    """Two columns after randomisation; who was excluded stands before it, who has no rating before the analysis."""
    rows = trial(7, 0, 5)
    rows["participants"][0]["periods"][1] |= {"evaluable": False, "state": "to_come"}
    rows["not_randomised"] = [["screen_failed", ["HAM-D", "Age"], 1], ["withdrawn", [], 2]]
    found = results(RULES, rows, earlier={})
    [section] = [one for one in paper(RULES, json.loads(json.dumps(found)), CUT) if one.slug == "flow"]
    chart = section.charts[0]
    assert chart.columns[2:] == ("PN", "NP")
    table = {row[0]: row[1:] for row in chart.rows}
    assert table["Assessed for eligibility"] == ("15", "", "")
    assert table["Excluded"] == ("3", "", "")
    assert table["Excluded: Age and HAM-D"] == ("1", "", "")
    assert table["Randomised"] == ("12", "", "")
    assert table["Not evaluable in every period"] == ("1", "1", "0")
    assert table["Completers: evaluable in every period"] == ("11", "5", "6")
    assert found["completers"] == 11


def test_a_look_frozen_by_an_earlier_version_shows_its_flow() -> None:
    """Its stored figures lack what the page draws now: they are counted from the frozen rows."""
    rows = trial(7, 0, 5)
    old = {
        "participants": rows["participants"],
        "status": {"completed": 12, "screen_failed": 5, "eligible": 1},
    }
    stored = {"flow": {"screened": 18}}
    found = frozen(RULES, {"results": stored, "cut": json.dumps({"data": old})})
    chart = board_flow.chart(RULES, found["flow"])
    table = {row[0]: row[1] for row in chart.rows}
    assert table["Assessed for eligibility"] == "18"
    assert table["Excluded"] == "5"
    assert table["Completers: evaluable in every period"] == "12"
    assert frozen(RULES, {"results": found, "cut": ""}) == found


NEW = {"within", "people", "made", "periods", "score", "asymptotic", "not_defined", "others", "observations"}


def as_before(value: Any) -> Any:
    """Stored figures without the keys that earlier versions did not write."""
    if isinstance(value, dict):
        return {key: as_before(one) for key, one in value.items() if key not in NEW}
    return [as_before(one) for one in value] if isinstance(value, list) else value


def test_the_figures_of_an_earlier_version_can_still_be_read() -> None:
    """A look is frozen for good: its page and its print are made of what it holds."""
    rows = trial(7, 0, 5)
    stored = as_before(json.loads(canonical.encode(results(RULES, rows, earlier={}))))
    stored["flow"] = {"screened": 12}
    found = frozen(RULES, {"results": stored, "cut": json.dumps({"data": rows})})
    slugs = [section.slug for section in paper(RULES, found, CUT)]
    assert "within" not in slugs
    assert {"primary", "treatments", "secondary", "diagnostics"} <= set(slugs)


def test_one_sequence_alone_compares_nothing_by_order() -> None:
    """Mainland–Gart and Hills–Armitage need both sequences: they are left out, the paired table stays."""
    people = [person(n, "PLA", {"PLA": -20 - n, "NAL": -5}) for n in range(12)]
    found = results(RULES, data(people), earlier={})
    assert found["secondary"]["response"]["orders"] is None
    assert found["secondary"]["visits"][0]["treatment"]["gap"] == "sequence_empty"
    assert found["secondary"]["response"]["n"] == 12
    assert paper(RULES, json.loads(json.dumps(found)), CUT)


def test_a_participant_with_one_period_counts_in_the_mixed_model_only() -> None:
    people = trial(7, 0, 5)["participants"]
    people.append(person(40, "PLA", {"PLA": -12, "NAL": None}))
    found = results(RULES, data(people), earlier={})
    assert found["completers"] == 12
    assert found["flow"]["randomised"] == 13
    day1 = found["secondary"]["visits"][0]
    assert (day1["n"], day1["mixed"]["complete"], day1["mixed"]["single"]) == (12, 12, 1)
    assert "01-040" not in completers_of(RULES, data(people))


def beside(people: dict[str, Any], totals: list[tuple[int | None, int]]) -> dict[str, Any]:
    """CADSS totals with placebo and with naltrexone, in the order of the people."""
    for one, (pla, nal) in zip(people["participants"], totals, strict=True):
        for period in one["periods"]:
            period["beside"] = {"CADSS BASELINE": {"PLA": pla, "NAL": nal}[period["arm"]]}
    return people


def test_dissociation_stands_beside_the_effect_by_treatment() -> None:
    """Over the completers with both totals; second minus first by Hills–Armitage. By hand: differences −2, 0, 1, 3
    of the four with placebo first in turn with the others; one without a total is left out."""
    totals: list[tuple[int | None, int]] = [(20, 18), (14, 14), (30, 31), (9, 12), (None, 25)]
    found = results(RULES, beside(trial(5, 0, 0), totals), earlier={})["beside"][0]
    assert (found["name"], found["n"], found["of"]) == ("Dissociation", 4, 5)
    assert [arm["mean"] for arm in found["arms"]] == [18.25, 18.75]
    # PLA first: 20 → 18, 30 → 31; NAL first: 14 → 14, 12 → 9. Half the difference of the mean period differences.
    assert found["treatment"]["estimate"] == pytest.approx((1.5 - 0.5) / 2)
    [section] = [
        section
        for section in paper(RULES, results(RULES, beside(trial(5, 0, 0), totals), earlier={}), CUT)
        if section.slug.startswith("beside")
    ]
    assert "4 of 5 completers" in section.sentences[0]
    assert [len(chart.lines) for chart in section.charts] == [4]


def test_rows_frozen_before_anything_stood_beside_can_still_be_read() -> None:
    found = results(RULES, trial(7, 0, 5), earlier={})
    assert (found["beside"][0]["n"], found["beside"][0]["of"]) == (0, 12)
    assert paper(RULES, json.loads(json.dumps(found)), CUT)
    assert changes(trial(1, 0, 0), trial(1, 0, 0)) == []


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 15), st.integers(0, 15), st.integers(0, 15))
def test_swapping_the_treatments_turns_the_sign(first: int, second: int, neither: int) -> None:
    """With two sides the flag is the same, whichever treatment is the better."""
    one, other = (
        monitoring(RULES.stopping, list(completers_of(RULES, rows).values()), {})  # type: ignore[arg-type]
        for rows in (trial(first, second, neither), trial(second, first, neither))
    )
    assert one["flag"] == other["flag"]
    if one["look_due"]:
        assert one["z"] == pytest.approx(-other["z"])
        assert one["z"] >= 0 if first >= second else one["z"] <= 0
        assert crossed(one, "pocock") == crossed(other, "pocock")


def test_with_one_side_the_wrong_direction_never_crosses() -> None:
    """Everybody better with the second: far beyond any boundary, on the side where there is none."""
    rule = RULES.stopping
    assert rule
    one_sided = replace(RULES, stopping=replace(rule, sides=1, alpha=0.025))
    assert results(one_sided, trial(0, 12, 0), earlier={})["monitoring"]["flag"] == "futility"
    assert results(one_sided, trial(12, 0, 0), earlier={})["monitoring"]["flag"] == "efficacy"


def test_looks_off_plan_count_with_the_completers_they_had() -> None:
    """Look 1 frozen with 14: look 2 is judged at 14/30 and 1; passed over it counts at 12/30."""
    rule = RULES.stopping
    assert rule
    assert information(rule, 2, 30, {1: 14}) == pytest.approx([14 / 30, 1])
    assert information(rule, 2, 30, {}) == pytest.approx([12 / 30, 1])
    assert information(rule, 1, 13, {}) == pytest.approx([13 / 30])
    found = results(RULES, trial(8, 1, 21), earlier={1: 14}, number=2)["monitoring"]
    assert found["boundary"] == pytest.approx(sequential.boundary("lan_demets_obf", [14 / 30, 1])[-1])


def test_a_very_small_p_stays_a_number() -> None:
    """Two thousand against none: z is finite and can be stored."""
    found = results(RULES, trial(2000, 0, 0), earlier={})
    assert found["monitoring"]["z"] < 40
    assert found["monitoring"]["flag"] == "efficacy"
    assert len(completers_of(RULES, trial(2000, 0, 0))) > EACH_UP_TO
    assert found["paired"] == []
    canonical.encode(found)


def test_what_changed_is_named_and_newcomers_are_no_change() -> None:
    """A corrected total, and a participant who came later."""
    before = trial(2, 0, 1)
    after = json.loads(json.dumps(before))
    assert changes(before, after) == []
    after["participants"].append(person(99, "PLA", {"PLA": -3, "NAL": -4}))
    assert changes(before, after) == []
    after["participants"][0]["periods"][0]["change"] = -1
    assert changes(before, after) == [
        {"participant": "01-000", "period": 1, "field": "change", "was": -20, "is": -1}
    ]
    del after["participants"][1]
    assert {row_["participant"] for row_ in changes(before, after)} == {"01-000", "01-001"}


def test_a_protocol_without_a_stopping_rule_has_no_primary_section() -> None:
    """Flow, treatments and means remain."""
    rules = replace(RULES, stopping=None)
    found = json.loads(json.dumps(results(rules, trial(3, 1, 2), earlier={})))
    slugs = [section.slug for section in paper(rules, found, CUT)]
    assert "primary" not in slugs
    assert "treatments" in slugs


def test_the_demo_has_a_chance_left_and_the_last_look_has_none() -> None:
    """After look 1 the curve rises with the effect assumed; after the last look there is none."""
    shown = results(RULES, trial(7, 0, 5), earlier={})["monitoring"]["power"]
    powers = [power for _drift, power in shown["points"]]
    assert powers == sorted(powers)
    assert powers[0] == pytest.approx(shown["null"])
    assert shown["trend"][0] == pytest.approx(2.4176 / 0.4**0.5, abs=1e-3)
    assert results(RULES, trial(7, 0, 23), earlier={})["monitoring"]["power"] is None
