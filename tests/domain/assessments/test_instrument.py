"""What an instrument's file says, and the total that its rules make of a rating."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.instrument import (
    Instrument,
    Prorating,
    band,
    load,
    parse,
    problems,
    score,
    shipped,
    with_maxima,
)

HAMD = load("HAMD17")
ONCE = [group[0] for group in HAMD.groups]
ALL_ONE: dict[str, int | None] = {item.code: 1 for item in ONCE}

codes = st.sampled_from([item.code for item in HAMD.items])
ratings = st.fixed_dictionaries({item.code: st.integers(0, item.maximum) for item in ONCE})


@pytest.mark.parametrize("instrument", shipped().values(), ids=lambda i: i.code)
def test_every_shipped_instrument_holds_together(instrument: Instrument) -> None:
    """Codes and numbers are unique, each value has one wording line, the parts name what exists, the total's
    maximum is the sum of the items' maxima."""
    codes = [item.code for item in instrument.items]
    assert len(set(codes)) == len(codes)
    assert len({item.number for item in instrument.items}) == len(codes)
    for item in instrument.items:
        assert [anchor.value for anchor in item.anchors] == list(range(item.maximum + 1))
        assert item.not_assessed is None or item.not_assessed > item.maximum
    assert instrument.total_maximum == sum(max(i.maximum for i in group) for group in instrument.groups)
    numbers = {group[0].alternative or group[0].number for group in instrument.groups}
    assert all(set(parts) <= numbers for parts in instrument.subscales.values())
    assert [low for low, _ in instrument.bands] == sorted({low for low, _ in instrument.bands})
    assert not instrument.bands or instrument.bands[0][0] == instrument.total_minimum
    assert instrument.alert is None or instrument.alert.item in codes


def test_hamd_is_17_things_rated_in_18_codes_from_0_to_52() -> None:
    """Items 4, 5, 6, 12, 13, 14, 16A, 16B and 17 end at 2, the others at 4; 16A and 16B are one thing."""
    assert (len(HAMD.items), len(HAMD.groups), HAMD.total_minimum, HAMD.total_maximum) == (18, 17, 0, 52)
    short = {item.number for item in HAMD.items if item.maximum == 2}
    assert short == {"4", "5", "6", "12", "13", "14", "16A", "16B", "17"}
    assert {item.maximum for item in HAMD.items} == {2, 4}
    assert [item.number for item in HAMD.groups[15]] == ["16A", "16B"]
    assert HAMD.subscales == {"HAMD6": ("1", "2", "7", "8", "10", "13")}


def test_every_hamd_value_has_its_own_line_of_wording() -> None:
    """A rater reads one line per value: not empty, short enough for the grid, never twice within an item."""
    for item in HAMD.items:
        texts = [text for _, text in item.choices]
        assert len(set(texts)) == len(texts)
        assert all(text and len(text) <= 75 and "\n" not in text for text in texts)


@given(ratings)
def test_total_is_the_sum_when_all_17_are_rated(items: dict[str, int | None]) -> None:
    """Whatever the values, and whichever of 16A and 16B was used."""
    expected = sum(value or 0 for value in items.values())
    assert score(HAMD, items).total == expected
    measured = {code.replace("16A", "16B"): value for code, value in items.items()}
    assert score(HAMD, measured) == score(HAMD, items)


@given(ratings, st.sampled_from(ONCE))
def test_no_total_while_an_item_is_missing(items: dict[str, int | None], gone: object) -> None:
    """A missing item is never 0 points: absent and None are the same, and there is no total."""
    code = ONCE[ONCE.index(gone)].code  # type: ignore[arg-type]
    absent = {key: value for key, value in items.items() if key != code}
    found = score(HAMD, absent)
    assert (found.answered, found.expected, found.total, found.prorated) == (16, 17, None, None)
    assert score(HAMD, items | {code: None}) == found


@pytest.mark.parametrize("code", ["HAMD116A", "HAMD116B"])
def test_3_on_item_16_is_not_assessed_and_never_3_points(code: str) -> None:
    """The paper form's 3 counts as a missing rating; as a value to save it is refused with what to do."""
    items = {key: value for key, value in ALL_ONE.items() if key != "HAMD116A"} | {code: 3}
    assert score(HAMD, items).answered == 16
    assert score(HAMD, items).total is None
    (problem,) = problems(HAMD, items, {})
    assert (problem.item, problem.rule) == (code, "range")
    assert "not assessed" in problem.message


@pytest.mark.parametrize("change", [{"HAMD101": 5}, {"HAMD104": 3}, {"HAMD101": -1}, {"HAMD116B": 1}])
def test_an_impossible_rating_makes_no_total(change: dict[str, int]) -> None:
    """A value beyond the item's range, or both 16A and 16B: not counted as answered."""
    found = score(HAMD, ALL_ONE | change)
    assert (found.answered, found.total) == (16, None)


def test_hamd6_needs_only_its_own_six_items() -> None:
    """Items 1, 2, 7, 8, 10 and 13 make HAM-D6 while another item is missing; without one of them, none."""
    assert score(HAMD, ALL_ONE | {"HAMD103": None}).subscales == {"HAMD6": 6}
    assert score(HAMD, ALL_ONE | {"HAMD113": None}).subscales == {"HAMD6": None}
    assert score(HAMD, {item.code: item.maximum for item in ONCE}).subscales == {"HAMD6": 22}


def test_a_prorated_total_is_an_extra_that_is_asked_for() -> None:
    """Sum × 52 / attainable maximum of the answered items: 16 of 48 points without item 1 are 17.33 of 52."""
    items = ALL_ONE | {"HAMD101": None}
    assert score(HAMD, items).prorated is None
    found = score(HAMD, items, Prorating(1, 2))
    assert found.total is None
    assert str(found.prorated) == "17.33"
    assert score(HAMD, ALL_ONE, Prorating(1, 2)).prorated is None
    assert score(HAMD, {}, Prorating(17, 2)).prorated is None


def test_a_prorated_total_has_a_limit_and_a_rounding() -> None:
    """No more items missing than the protocol allows; half up, as people round."""
    items = ALL_ONE | {"HAMD101": None, "HAMD102": None}
    assert score(HAMD, items, Prorating(1, 0)).prorated is None
    assert str(score(HAMD, items, Prorating(2, 0)).prorated) == "18"  # 15 × 52 / 44 = 17.73
    halves = {item.code: 0 for item in ONCE} | {"HAMD101": 6 // 2, "HAMD102": None}
    assert score(HAMD, halves, Prorating(1, 1)).prorated == Decimal("3.3")  # 3 × 52 / 48 = 3.25


@given(st.dictionaries(st.sampled_from([item.code for item in ONCE]), st.integers(0, 2), min_size=1))
def test_a_prorated_total_is_the_exact_fraction_rounded(items: dict[str, int | None]) -> None:
    """Against Decimal's own rounding half up; and it never leaves the scale."""
    found = score(HAMD, items, Prorating(17, 1))
    if found.total is not None:
        assert found.prorated is None
        return
    attainable = sum(HAMD.by_code[code].maximum for code in items)
    exact = Decimal(sum(value or 0 for value in items.values()) * 52) / attainable
    assert found.prorated == exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert found.prorated is not None
    assert 0 <= found.prorated <= 52


def test_an_edition_that_ends_agitation_at_2() -> None:
    """Its total ends at 50, 3 is out of range, the wordings beyond are gone; the instrument itself stays."""
    edition = with_maxima(HAMD, {"HAMD109": 2})
    assert edition.total_maximum == 50
    assert [value for value, _ in edition.by_code["HAMD109"].choices] == [0, 1, 2]
    assert [p.rule for p in problems(edition, ALL_ONE | {"HAMD109": 3}, {})] == ["range"]
    assert (HAMD.total_maximum, HAMD.by_code["HAMD109"].maximum) == (52, 4)
    assert with_maxima(HAMD, {}) == HAMD


@pytest.mark.parametrize("maxima", [{"HAMD199": 2}, {"HAMD109": 5}, {"HAMD116A": 3}, {"HAMD109": 0}])
def test_an_edition_can_only_cut_what_is_there(maxima: dict[str, int]) -> None:
    """An unknown item or a maximum that is none of its values is told, not passed over."""
    with pytest.raises(ValueError, match=next(iter(maxima))):
        with_maxima(HAMD, maxima)


@pytest.mark.parametrize(
    ("total", "label"),
    [
        *[(0, "none"), (7, "none"), (8, "mild"), (13, "mild"), (14, "moderate"), (18, "moderate")],
        *[(19, "severe"), (22, "severe"), (23, "very severe"), (52, "very severe"), (None, None)],
    ],
)
def test_bands_begin_where_they_say(total: int | None, label: str | None) -> None:
    """0–7, 8–13, 14–18, 19–22, 23 and more; without a total no band."""
    assert band(HAMD, total) == label


def test_a_complete_rating_and_an_explained_gap_have_no_problem() -> None:
    """Every thing rated, or its gap explained by a reason of the list."""
    assert problems(HAMD, ALL_ONE, {}) == ()
    assert problems(HAMD, ALL_ONE | {"HAMD103": None}, {"HAMD103": "refused"}) == ()
    gap = {code: value for code, value in ALL_ONE.items() if code != "HAMD116A"}
    assert problems(HAMD, gap, {"HAMD116B": "not_assessed"}) == ()


@pytest.mark.parametrize(
    ("change", "missing", "item", "rule"),
    [
        ({"HAMD101": None}, {}, "HAMD101", "unexplained"),
        ({"HAMD101": None}, {"HAMD101": ""}, "HAMD101", "unexplained"),
        ({"HAMD101": None}, {"HAMD101": "tired"}, "HAMD101", "reason"),
        ({}, {"HAMD101": "refused"}, "HAMD101", "value_and_reason"),
        ({"HAMD116A": None, "HAMD116B": 1}, {"HAMD116A": "refused"}, "HAMD116A", "value_and_reason"),
        ({"HAMD116B": 0}, {}, "HAMD116A", "alternatives"),
        ({"HAMD101": 5}, {}, "HAMD101", "range"),
        ({"HAMD101": -1}, {}, "HAMD101", "range"),
        ({"HAMD118": 1}, {}, "HAMD118", "unknown"),
        ({}, {"HAMD118": "other"}, "HAMD118", "unknown"),
    ],
)
def test_a_problem_names_its_item_and_rule(
    change: dict[str, int | None], missing: dict[str, str], item: str, rule: str
) -> None:
    """One problem for one mistake, whose message can be filled from its parameters."""
    (problem,) = problems(HAMD, ALL_ONE | change, missing)
    assert (problem.item, problem.rule) == (item, rule)
    assert "%(" not in problem.message % problem.params


@given(ratings, st.dictionaries(codes, st.none() | st.integers(-1, 5), max_size=3))
def test_with_no_reasons_given_a_total_is_the_absence_of_problems(
    items: dict[str, int | None], spoilt: dict[str, int | None]
) -> None:
    """`problems` and `score` agree on a complete rating with up to three values overwritten."""
    rating = items | spoilt
    assert (score(HAMD, rating).total is not None) == (not problems(HAMD, rating, {}))


def test_a_protected_scale_has_values_without_wordings() -> None:
    """A file that lists no anchors still offers every value: its score sheet goes by item number only."""
    item = {"code": "X01", "number": "1", "name": "1", "maximum": 6}
    document: dict[str, object] = {
        "code": "X",
        "name": "X",
        "version": "1",
        "items": [item],
        "total_code": "X02",
    }
    document |= {"total_maximum": 6, "missing_reasons": [], "bands": [], "subscales": {}}
    assert parse(document).items[0].choices == [(value, "") for value in range(7)]
    assert parse(document).alert is None


@pytest.mark.parametrize("code", ["NOSUCH", "../instruments/hamd17", ""])
def test_an_instrument_that_is_not_shipped_is_not_found(code: str) -> None:
    """A code is a name, never a path."""
    with pytest.raises(FileNotFoundError):
        load(code)


def test_editions_compare_by_what_they_say() -> None:
    """Derived lookups follow a replaced item."""
    renamed = replace(HAMD, items=HAMD.items[:3])
    assert list(renamed.by_code) == ["HAMD101", "HAMD102", "HAMD103"]
    assert len(renamed.groups) == 3
    assert renamed != HAMD
