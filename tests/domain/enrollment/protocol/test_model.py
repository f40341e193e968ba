"""The shipped protocols say what TRIAL.md and the published series say."""

import json
from dataclasses import replace

import pytest

from enrollment.protocol.file import parse
from enrollment.protocol.model import SequenceSpec, WashoutRule
from tests.domain.enrollment.protocol.documents import SHIPPED, document, ketnal, protocol


@pytest.mark.parametrize("name", SHIPPED)
def test_a_protocol_is_the_same_from_its_file_and_from_the_database(name: str) -> None:
    """The JSON kept in the database gives the protocol that the TOML file gave."""
    content = document(name)
    assert parse(json.loads(json.dumps(content))) == parse(content)


def test_ketnal_is_a_double_blind_crossover_of_two_conditions_in_thirty() -> None:
    """Design: two sequences over two periods, each condition once in each (article, paper)."""
    p = protocol("ketamine_naltrexone")
    assert (p.code, p.planned_enrolment, p.blinding) == ("KETNAL", 30, "double")
    assert [sequence.arms for sequence in p.sequences] == [("PLA", "NAL"), ("NAL", "PLA")]
    assert [period.number for period in p.periods] == [1, 2]
    assert [site.code for site in p.sites] == ["01", "02"]
    assert p.dosing_label == "Infusion"
    assert "naltrexone 50 mg" in p.arm("NAL").description


def test_ketnal_rates_hamd_at_baseline_and_five_days_after_the_infusion() -> None:
    """Days from the article, windows our choice."""
    p = protocol("ketamine_naltrexone")
    assert [(v.code, v.day, v.before, v.after) for v in p.visits] == [
        ("BASELINE", 0, 0, 0),
        ("DAY1", 1, 1, 1),
        ("DAY3", 3, 1, 1),
        ("DAY5", 5, 1, 1),
        ("DAY7", 7, 1, 1),
        ("DAY14", 14, 2, 2),
    ]
    assert p.visits[0].instruments == ("HAMD17", "CADSS")
    assert {v.instruments for v in p.visits[1:]} == {("HAMD17",)}
    assert p.washout == WashoutRule("last_visit", 14, 33, 63)


def test_ketnal_endpoints_and_looks() -> None:
    """Response 50 % on day 1, remission at most 7; looks at 12 and 30 completers, two-sided .05."""
    p = protocol("ketamine_naltrexone")
    end = p.endpoints
    assert (end.baseline_visit, end.primary_visit) == ("BASELINE", "DAY1")
    assert (end.response_percent, end.remission_max) == (50, 7)
    assert p.allocation is not None
    assert (p.allocation.block_sizes, p.allocation.stratify_by) == ((2, 4), "site")
    rule = p.stopping
    assert rule is not None
    assert [look.completers for look in rule.looks] == [12, 30]
    assert (rule.alpha, rule.sides, rule.spending) == (0.05, 2, "lan_demets_obf")
    assert (rule.test, rule.endpoint, rule.compare) == ("mcnemar_exact", "response", ("PLA", "NAL"))


def test_ketnal_asks_for_hamd_of_20_and_four_failed_treatments_and_says_where_sources_differ() -> None:
    """The article holds against the registry's two adequate courses, and the file says so."""
    bounds = {c.fact: (c.minimum, c.maximum) for c in protocol("ketamine_naltrexone").criteria}
    assert bounds["hamd17_total"] == (20, None)
    assert bounds["failed_treatments"] == (4, None)
    assert bounds["age"] == (18, 70)
    assert all(isinstance(bound, float) for pair in bounds.values() for bound in pair if bound is not None)
    sources = ketnal()["sources"]
    assert any(text.startswith("article: at least 4") for text in sources["criteria.I04"])
    assert any("at least 2 adequate courses" in text for text in sources["criteria.I04"])
    assert any("HAM-D6" in text for text in sources["endpoints.response_percent"])


def test_reisby_is_one_arm_one_period_weeks_0_to_5() -> None:
    """66 inpatients, one site, open, no washout, no allocation, no looks; totals alone are accepted."""
    p = protocol("reisby_imipramine")
    assert (p.code, p.planned_enrolment, p.blinding, len(p.sites)) == ("REISBY", 66, "open", 1)
    assert [(v.code, v.day) for v in p.visits] == [(f"WEEK{week}", 7 * week) for week in range(6)]
    assert (len(p.arms), len(p.sequences), len(p.periods)) == (1, 1, 1)
    assert (p.washout, p.allocation, p.stopping) == (None, None, None)
    assert (p.endpoints.baseline_visit, p.endpoints.primary_visit) == ("WEEK0", "WEEK5")
    assert [use.totals_only for use in p.instruments] == [True]
    assert not any(use.totals_only for use in protocol("ketamine_naltrexone").instruments)


def test_a_trial_may_have_three_arms_periods_and_sequences() -> None:
    """A Latin square of three conditions is read like any other trial."""
    content = ketnal()
    content["arms"].append({"code": "SAL", "label": "Saline", "description": "Saline"})
    content["periods"].append({"number": 3, "label": "Period 3"})
    orders = {"A": ["PLA", "NAL", "SAL"], "B": ["NAL", "SAL", "PLA"], "C": ["SAL", "PLA", "NAL"]}
    content["sequences"] = [{"code": code, "arms": arms} for code, arms in orders.items()]
    content["allocation"]["block_sizes"] = [3, 6]
    p = parse(content)
    assert p.sequences[2] == SequenceSpec("C", ("SAL", "PLA", "NAL"))
    assert len(p.periods) == 3


def test_looking_up_a_visit_or_an_arm_that_does_not_exist_is_a_key_error() -> None:
    """A wrong code never gives another visit or arm."""
    p = protocol("ketamine_naltrexone")
    assert p.visit("DAY14").day == 14
    with pytest.raises(KeyError):
        p.visit("DAY2")
    with pytest.raises(KeyError):
        p.arm("XXX")


def test_a_protocol_cannot_be_changed() -> None:
    """Rules read it from many places; a change is a new protocol."""
    p = protocol("ketamine_naltrexone")
    with pytest.raises(AttributeError):
        p.planned_enrolment = 31  # type: ignore[misc]
    assert replace(p, planned_enrolment=31).planned_enrolment == 31
