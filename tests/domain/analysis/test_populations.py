"""Who counts in which figure."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from analysis.domain.populations import PeriodRecord, PopulationMembership, membership, sizes

RECORDS = st.builds(PeriodRecord, st.sampled_from([1, 2]), st.booleans(), st.booleans(), st.booleans())
PEOPLE = st.tuples(st.booleans(), st.lists(RECORDS, max_size=2, unique_by=lambda record: record.number))


def test_a_participant_with_both_periods_evaluable_is_a_completer() -> None:
    """Dosed, with baseline and primary total, in each planned period."""
    records = [PeriodRecord(1, True, True, True), PeriodRecord(2, True, True, True)]
    assert membership(True, records, (1, 2)) == PopulationMembership(True, True, (1, 2), True, None, None)


def test_the_first_shortfall_in_the_order_of_the_trial_is_the_reason() -> None:
    """Every combination of what can be missing in two periods names the earliest of them."""
    order = ("not_dosed", "no_baseline", "no_primary")
    for known in product([True, False], repeat=6):
        found = membership(True, [PeriodRecord(1, *known[:3]), PeriodRecord(2, *known[3:])], (1, 2))
        missing = [index for index, there in enumerate(known) if not there]
        expected = (order[missing[0] % 3], missing[0] // 3 + 1) if missing else (None, None)
        assert (found.shortfall, found.period) == expected


def test_a_period_without_a_record_was_not_dosed() -> None:
    """One period is enough for the treated and the evaluable, not for the completers."""
    found = membership(True, [PeriodRecord(2, True, True, True)], (1, 2))
    assert found == PopulationMembership(True, True, (2,), False, "not_dosed", 1)


def test_who_was_not_randomised_is_in_no_set() -> None:
    """A rating of somebody who was only screened counts nowhere."""
    found = membership(False, [PeriodRecord(1, True, True, True)], (1,))
    assert found == PopulationMembership(False, False, (), False, "not_randomised", None)


def test_a_trial_without_periods_has_no_completers() -> None:
    """Nothing planned is nothing completed."""
    assert not membership(True, [], ()).completer


@given(st.lists(PEOPLE))
def test_each_set_lies_within_the_one_before(people: list[tuple[bool, list[PeriodRecord]]]) -> None:
    """Completers are evaluable, evaluable participants treated, treated ones randomised."""
    found = sizes(membership(randomised, records, (1, 2)) for randomised, records in people)
    assert 0 <= found.completers <= found.evaluable <= found.treated <= found.randomised <= len(people)
