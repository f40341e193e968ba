"""Permuted blocks and kit numbers. Chance is an argument: the caller brings the generator.

Method: permuted-block randomisation with block sizes chosen at random, Matts & Lachin (1988),
doi:10.1016/0197-2456(88)90047-5.
"""

import random
from collections.abc import Sequence, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of an allocation list. Position and block count from 1."""

    position: int
    block: int
    sequence: str


def permuted_blocks(
    sequences: Sequence[str], block_sizes: Sequence[int], length: int, rng: random.Random
) -> tuple[Slot, ...]:
    """Whole blocks, at least `length` slots; every block holds each sequence equally often.

    Block sizes are drawn with equal chance. Raises ValueError without a sequence or a block size, with a
    sequence named twice, and for a block size that is no positive multiple of the number of sequences.
    """
    if not sequences or len(set(sequences)) != len(sequences) or not block_sizes:
        raise ValueError("blocks need sequences, each named once, and at least one block size")
    for size in block_sizes:
        if size <= 0 or size % len(sequences):
            raise ValueError(f"a block of {size} can't hold {len(sequences)} sequences equally often")
    slots: list[Slot] = []
    block = 0
    while len(slots) < length:
        block += 1
        content = list(sequences) * (rng.choice(list(block_sizes)) // len(sequences))
        rng.shuffle(content)
        slots += [Slot(len(slots) + n, block, sequence) for n, sequence in enumerate(content, start=1)]
    return tuple(slots)


def kit_numbers(count: int, taken: Set[str], rng: random.Random) -> tuple[str, ...]:
    """`count` new kit numbers ("K-48213"), none in `taken`, in an order that says nothing."""
    digits = 5 if count + len(taken) < 50_000 else 8
    drawn: dict[str, None] = {}
    while len(drawn) < count:
        kit = f"K-{rng.randrange(10 ** (digits - 1), 10**digits)}"
        if kit not in taken:
            drawn[kit] = None
    return tuple(drawn)
