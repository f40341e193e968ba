"""Permuted blocks are balanced and give nothing away; kit numbers say nothing at all."""

import random
import re
from collections import Counter
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.domain.allocation import kit_numbers, permuted_blocks

SEQUENCES = st.integers(1, 5).map(lambda count: [f"S{n}" for n in range(count)])


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[str], list[int], int, int]:
    """Sequences, block sizes, a length and a seed."""
    sequences = draw(SEQUENCES)
    factors = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    return sequences, [len(sequences) * n for n in factors], draw(st.integers(0, 80)), draw(st.integers())


@pytest.mark.requirement("RND-01")
@given(case=lists())
def test_every_block_holds_each_sequence_equally_often(case: tuple[list[str], list[int], int, int]) -> None:
    """Whole blocks of the sizes asked for, positions 1, 2, 3 …, and no more blocks than the length needs."""
    sequences, sizes, length, seed = case
    slots = permuted_blocks(sequences, sizes, length, random.Random(seed))
    assert [slot.position for slot in slots] == list(range(1, len(slots) + 1))
    blocks = [list(block) for _number, block in groupby(slots, key=lambda slot: slot.block)]
    assert [block[0].block for block in blocks] == list(range(1, len(blocks) + 1))
    for block in blocks:
        assert len(block) in sizes
        counts = Counter(slot.sequence for slot in block)
        assert counts == dict.fromkeys(sequences, len(block) // len(sequences))
    assert length <= len(slots) < length + max(sizes)


@given(case=lists())
def test_the_same_generator_gives_the_same_list(case: tuple[list[str], list[int], int, int]) -> None:
    """The list can be made again from its seed, for an audit."""
    sequences, sizes, length, seed = case
    lists = [permuted_blocks(sequences, sizes, length, random.Random(seed)) for _ in range(2)]
    assert lists[0] == lists[1]


def test_chance_decides_block_sizes_and_order() -> None:
    """Over many slots each size and each order within a block of 2 comes about equally often.

    1,200 blocks: a share off by more than 0.08 has a chance below 1 in 10⁷; the seed is fixed besides.
    """
    slots = permuted_blocks(["PN", "NP"], [2, 4], 3600, random.Random(2018))
    blocks = ["".join(s.sequence[0] for s in block) for _n, block in groupby(slots, key=lambda s: s.block)]
    sizes, orders = Counter(map(len, blocks)), Counter(blocks)
    assert sizes[2] / len(blocks) == pytest.approx(0.5, abs=0.08)
    assert orders["PN"] / sizes[2] == pytest.approx(0.5, abs=0.08)
    assert {order for order in orders if len(order) == 4} == {"PPNN", "PNPN", "PNNP", "NPPN", "NPNP", "NNPP"}


@pytest.mark.parametrize(
    ("sequences", "sizes"),
    [
        (["A", "B"], [3]),
        (["A", "B"], [2, 0]),
        (["A", "B"], [-2]),
        (["A", "B"], []),
        ([], [2]),
        (["A", "A"], [2]),
    ],
)
def test_blocks_that_cannot_be_balanced_are_refused(sequences: list[str], sizes: list[int]) -> None:
    """A list that is not balanced is never made."""
    with pytest.raises(ValueError, match="block"):
        permuted_blocks(sequences, sizes, 10, random.Random(1))


@given(count=st.integers(0, 300), earlier=st.integers(0, 300), seed=st.integers())
def test_no_kit_number_comes_twice(count: int, earlier: int, seed: int) -> None:
    """Neither among the new ones nor among those taken, and all have one form."""
    rng = random.Random(seed)
    taken = set(kit_numbers(earlier, set(), rng))
    kits = kit_numbers(count, taken, rng)
    assert len(set(kits)) == count
    assert taken.isdisjoint(kits)
    assert all(re.fullmatch(r"K-\d{5}", kit) for kit in kits)


def test_kit_numbers_come_in_no_order() -> None:
    """Neighbours on the list are not neighbours in number, so that a kit tells nothing of the next."""
    kits = [int(kit[2:]) for kit in kit_numbers(500, set(), random.Random(7))]
    rising = sum(later > earlier for earlier, later in pairwise(kits))
    assert 200 < rising < 300


def test_a_large_trial_gets_longer_kit_numbers_instead_of_none() -> None:
    """50,000 kits and more take eight digits: drawing never runs dry."""
    taken = {f"K-{number}" for number in range(10_000, 60_000)}
    assert all(re.fullmatch(r"K-\d{8}", kit) for kit in kit_numbers(5, taken, random.Random(7)))
