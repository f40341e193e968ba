"""Dates for everybody at once, as an assignment problem: each waiting participant to a place on a day, at least cost.

Solved by scipy.optimize.linear_sum_assignment (Crouse 2016, doi:10.1109/TAES.2016.140952): exact, no heuristic. As many
participants as can be are given a date; among all such assignments the one of least total cost is taken, and since the
distance from the target counts squared, nobody is pushed far off for the comfort of others.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from typing import TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from enrollment.domain.proposals import Candidate

Key = TypeVar("Key", bound=Hashable)


def assign(days: Mapping[Key, Sequence[Candidate]], free: Callable[[date], int]) -> dict[Key, Candidate]:
    """Key → the day it is given; keys for which no place is left are absent. `free`: places on a day.

    Another participant on the same day costs as much as one who is treated there already (Candidate.cost).
    """
    possible = {key: {day.day: day for day in each if day.possible} for key, each in days.items()}
    places = [
        (day, place)
        for day in sorted({day for each in possible.values() for day in each})
        for place in range(free(day))
    ]
    keys = list(possible)
    if not places:
        return {}
    # So dear that no saving elsewhere makes up for leaving somebody without a date.
    none = 1 + sum(
        max((day.cost + len(keys) for day in each.values()), default=0) for each in possible.values()
    )
    costs = np.full((len(keys), len(places) + len(keys)), none, dtype=np.int64)
    for row, key in enumerate(keys):
        for column, (day, place) in enumerate(places):
            if day in possible[key]:
                costs[row, column] = possible[key][day].cost + place
    chosen_rows, columns = linear_sum_assignment(costs)
    return {
        keys[row]: possible[keys[row]][places[column][0]]
        for row, column in zip(chosen_rows.tolist(), columns.tolist(), strict=True)
        if column < len(places) and places[column][0] in possible[keys[row]]
    }
