"""A mistake in a protocol file is answered with its key, what was found and what was expected."""

import math
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment.protocol.file import parse
from enrollment.protocol.model import ProtocolError
from tests.domain.enrollment.protocol.documents import (
    SHIPPED,
    Steps,
    document,
    holder,
    ketnal,
    nodes,
    problems_of,
    reisby,
    replace,
)

SCALARS = [
    (name, steps, value)
    for name in SHIPPED
    for steps, value in nodes(document(name))
    if not isinstance(value, dict | list)
]
NODES = [(name, steps) for name in SHIPPED for steps, _value in nodes(document(name))]

EXPLORATORY = ("exploratory_endpoints", 0)
OTHER_TYPES: tuple[Any, ...] = ([], {}, date(2026, 3, 9))


def wrong_for(value: Any) -> tuple[Any, ...]:
    """Values of another type than `value`'s."""
    if isinstance(value, bool):
        return (*OTHER_TYPES, 1, 0.0, "true")
    if isinstance(value, str):
        return (*OTHER_TYPES, 7, 1.5, True)
    return (*OTHER_TYPES, str(value), True, math.nan, math.inf)


def names(key: str, steps: Steps) -> bool:
    """Whether a problem's key speaks of the place: its first and its last word."""
    steps_named = [step for step in steps if isinstance(step, str)]
    return key.startswith(steps_named[0]) and steps_named[-1] in key


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_value_of_a_wrong_type_is_named_by_its_key(data: st.DataObject) -> None:
    """Any one value of a shipped file, turned into another type, gives a ProtocolError naming its key."""
    name, steps, value = data.draw(st.sampled_from(SCALARS))
    wrong = data.draw(st.sampled_from(wrong_for(value)))
    content = document(name)
    replace(content, steps, wrong)
    with pytest.raises(ProtocolError) as caught:
        parse(content)
    assert any(names(problem.key, steps) for problem in caught.value.problems), str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(data=st.data(), other=JSON)
def test_whatever_a_file_holds_no_other_exception_comes_out(data: st.DataObject, other: Any) -> None:
    """Anything in any place is either read or answered with a ProtocolError."""
    name, steps = data.draw(st.sampled_from(NODES))
    content = document(name)
    if data.draw(st.booleans()):
        replace(content, steps, other)
    else:
        del holder(content, steps)[steps[-1]]
    with suppress(ProtocolError):
        parse(content)


@pytest.mark.parametrize("nonsense", [None, [], "code", 3])
def test_what_is_no_table_at_all_is_a_protocol_error(nonsense: Any) -> None:
    """Even then the coordinator gets a sentence."""
    with pytest.raises(ProtocolError, match=r"the file: found .*, expected keys with values"):
        parse(nonsense)


def test_a_number_of_thousands_of_digits_is_answered() -> None:
    """Neither arithmetic nor the message fails on it."""
    content = ketnal()
    content["washout"]["min_days"] = 10**5000
    assert "very many digits" in problems_of(content)["washout.min_days"].found


@pytest.mark.requirement("PRO-01")
def test_all_mistakes_are_found_at_once() -> None:
    """Wrong types, unknown keys and contradictions come in one answer, one a line."""
    content = ketnal()
    content["washout"]["min_days"] = "x"
    content["planed_enrolment"] = 30
    content["sequences"][0]["arms"] = ["PLA", "NALL"]
    del content["title"]
    with pytest.raises(ProtocolError) as caught:
        parse(content)
    lines = str(caught.value).splitlines()
    assert "washout.min_days: found 'x', expected a whole number of days, 0 to 3650" in lines
    assert (
        "planed_enrolment: found an unknown key, expected a known key: did you mean 'planned_enrolment'?"
        in lines
    )
    arms = "sequences.PN.arms[2]: found 'NALL', expected the code of an arm: one of PLA, NAL"
    assert f"{arms}; did you mean 'NAL'?" in lines
    assert "title: found nothing, expected a text in quotation marks, at most 2000 characters" in lines


def test_a_key_that_slipped_under_a_bracket_is_sent_back_to_the_top() -> None:
    """In TOML a key after [washout] belongs to the washout: the message says where it should stand."""
    content = ketnal()
    content["washout"]["blinding"] = content.pop("blinding")
    problems = problems_of(content)
    assert "top of the file" in problems["washout.blinding"].expected
    assert "blinding" in problems


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "x" * 201])
def test_a_text_that_the_database_cannot_take_is_refused(text: str) -> None:
    """Blank, too long for its column, or with a control character."""
    content = ketnal()
    content["short_title"] = text
    assert list(problems_of(content)) == ["short_title"]


def change(*steps: str | int, to: Any) -> tuple[Steps, Any]:
    return steps, to


@pytest.mark.parametrize(
    ("edit", "key", "says"),
    [
        (change("sequences", 0, "arms", to=["PLA"]), "sequences.PN.arms", "2, one for each period"),
        (change("sequences", 1, "arms", to=["PLA", "PLA"]), None, ""),
        (change("sequences", 1, "code", to="PN"), "sequences[2].code", "sequences[1] has it already"),
        (change("sequences", to=[]), "sequences", "at least one"),
        (change("arms", 1, "code", to="PLA"), "arms[2].code", "each code once"),
        (change("periods", 1, "number", to=3), "periods", "numbered 1, 2, 3"),
        (change("sites", to=[]), "sites", "at least one"),
        (change("sites", 0, "timezone", to="America/Los_Angles"), "sites.01.timezone", "America/Los_Angeles"),
        (change("sites", 0, "timezone", to="America"), "sites.01.timezone", "IANA time zone"),
        (change("sites", 0, "timezone", to="../etc/passwd"), "sites.01.timezone", "IANA time zone"),
        (change("visits", 1, "instruments", to=["HAMD71"]), "visits.DAY1.instruments[1]", "'HAMD17'?"),
        (change("visits", 1, "instruments", to=[]), "visits.DAY1.instruments", "endpoints.primary_visit"),
        (change("visits", 2, "instruments", to=["HAMD17", "HAMD17"]), "visits.DAY3.instruments[2]", "once"),
        (change("visits", 2, "code", to="DAY1"), "visits[3].code", "visits[2] has it already"),
        (change("visits", 2, "code", to="SCREENING"), "visits.SCREENING.code", "every trial has this one"),
        (change("visits", 2, "day", to=6), "visits.DAY5.day", "DAY3 before it is on day 6"),
        (change("visits", 2, "before", to=-1), "visits.DAY3.before", "0 to 3650"),
        (change("screening_instruments", to=["MADRS"]), "screening_instruments[1]", "an instrument"),
        (change("endpoints", "baseline_visit", to="BASE"), "endpoints.baseline_visit", "'BASELINE'?"),
        (change("endpoints", "primary_visit", to="DAY2"), "endpoints.primary_visit", "code of a visit"),
        (change(*EXPLORATORY, "visit", to="DAY2"), "exploratory_endpoints[1].visit", "code of a visit"),
        (change(*EXPLORATORY, "visit", to="DAY1"), "exploratory_endpoints[1].instrument", "an instrument of"),
        (change(*EXPLORATORY, "name", to=""), "exploratory_endpoints[1].name", "a text"),
        (change("endpoints", "primary_visit", to="BASELINE"), "endpoints.primary_visit", "after the base"),
        (change("endpoints", "instrument", to="HAMD"), "endpoints.instrument", "'HAMD17'?"),
        (change("endpoints", "response_percent", to=0), "endpoints.response_percent", "1 to 100"),
        (change("washout", "min_days", to=40), "washout.min_days", "at most target_days, 33"),
        (change("washout", "target_days", to=70), "washout.target_days", "at most max_days, 63"),
        (change("washout", "anchor", to="visit"), "washout.anchor", "'dosing', 'last_visit'"),
        (change("allocation", "block_sizes", to=[2, 3]), "allocation.block_sizes[2]", "a multiple of 2"),
        (change("allocation", "block_sizes", to=[]), "allocation.block_sizes", "at least one"),
        (change("stopping", "compare", to=["PLA", "NALL"]), "stopping.compare[2]", "'NAL'?"),
        (change("stopping", "compare", to=["PLA", "PLA"]), "stopping.compare", "two different arms"),
        (change("stopping", "compare", to=["PLA"]), "stopping.compare", "2 × "),
        (change("stopping", "looks", 1, "completers", to=12), "stopping.looks.2.completers", "more comp"),
        (change("stopping", "looks", 1, "completers", to=31), "stopping.looks.2.completers", "at most pl"),
        (change("stopping", "looks", to=[]), "stopping.looks", "numbered 1, 2, 3"),
        (change("stopping", "looks", 0, "number", to=2), "stopping.looks", "numbered 1, 2, 3"),
        (change("stopping", "spending", to="obf"), "stopping.spending", "'lan_demets_obf'"),
        (change("criteria", 1, "id", to="I01"), "criteria[2].id", "each id once"),
        (change("criteria", 1, "minimum", to=71), "criteria.I02.minimum", "at most the maximum, 70"),
        (change("criteria", 1, "kind", to="minimum"), "criteria.I02.maximum", "no such key"),
        (change("criteria", 2, "kind", to="range"), "criteria.I03.maximum", "the kind is 'range'"),
        (change("criteria", 6, "minimum", to=1), "criteria.E01.minimum", "no such key"),
        (change("criteria", 2, "fact", to="consent"), "criteria.I03.fact", "one of age, failed_tr"),
        (change("criteria", 0, "fact", to="age"), "criteria.I01.fact", "this fact is a number"),
        (change("criteria", 0, "value", to="LABS.RESULT"), "criteria.I01.value", "the kind is 'confirm'"),
        (change("criteria", 1, "value", to="LABS.RESULT"), "criteria.I02.fact", "screening records this number itself"),
        (change("screening_instruments", to=[]), "criteria.I03.fact", "one of age, failed_treatments"),
        (change("criteria", 2, "fact", to="HAM-D"), "criteria.I03.fact", "small letters"),
        (change("instruments", 0, "prorate", to="no"), "instruments.HAMD17.prorate", "true or false"),
    ],
)  # fmt: skip
def test_parts_that_contradict_each_other_are_named(
    edit: tuple[Steps, Any], key: str | None, says: str
) -> None:
    """Each cross-reference is checked, and the message helps to mend it."""
    steps, value = edit
    content = ketnal()
    replace(content, steps, value)
    problems = problems_of(content)
    if key is None:
        assert problems == {}
    else:
        assert key in problems, problems
        assert says in problems[key].expected


@pytest.mark.parametrize("name", ["washout", "allocation"])
def test_a_crossover_needs_a_washout_and_an_allocation(name: str) -> None:
    """More than one period needs a washout rule, more than one sequence an allocation rule."""
    content = ketnal()
    del content[name]
    content["sources"] = {key: text for key, text in content["sources"].items() if not key.startswith(name)}
    assert list(problems_of(content)) == [name]


def test_an_arm_that_nobody_can_receive_is_a_mistake() -> None:
    """Every arm is in some sequence."""
    content = reisby()
    content["arms"].append({"code": "PLA", "label": "Placebo", "description": "Placebo"})
    assert list(problems_of(content)) == ["arms.PLA"]


def test_comparing_two_arms_that_no_one_receives_both_of_is_a_mistake() -> None:
    """McNemar's test is for pairs within participants."""
    content = ketnal()
    content["sequences"] = [{"code": "P", "arms": ["PLA", "PLA"]}, {"code": "N", "arms": ["NAL", "NAL"]}]
    assert list(problems_of(content)) == ["stopping.compare"]


def test_a_version_loaded_under_an_earlier_name_of_a_key_reads_as_today() -> None:
    """The row in the database never changes; a file that is loaded now has today's names."""
    earlier = ketnal()
    earlier["beside"] = earlier.pop("exploratory_endpoints")
    earlier["sources"]["beside"] = earlier["sources"].pop("exploratory_endpoints")
    assert parse(earlier) == parse(ketnal())
    with pytest.raises(ProtocolError, match="beside: found an unknown key"):
        parse(earlier, {})


def test_two_elements_of_one_code_are_told_apart_by_their_place() -> None:
    """A mistake in the third visit is never laid on the second, though both call themselves DAY1."""
    content = ketnal()
    content["visits"][2] |= {"code": "DAY1", "before": -1}
    assert "visits[3].before" in problems_of(content)
