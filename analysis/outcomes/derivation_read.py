"""The ratings of participants as arrays: one row a participant-period, one column a visit."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from django.db import connection

from analysis.outcomes.rules import endpoint_instrument, subscale_items
from enrollment.domain.schedule import visits_after_dose
from enrollment.models import ProtocolVersion

if TYPE_CHECKING:
    import pandas as pd

# Totals and sums are never negative.
MISSING = -1
# Why a rating is not counted, by its place here; 0 where it is.
WRONG_SIDES = ("", "before_dose", "after_dose")
Array = np.ndarray[Any, Any]
RATINGS = """
    select a.participant_id as who, p.number, v.code as visit, coalesce(s.adjudicated_total, a.total) as total,
           '[' || a.id || ', ' || a.version || ']' as input,
           coalesce(array_position(%s, assessment_wrong_side(v.code = any(%s), a.performed_on, p.dosed_on)), 1) - 1 as side
           {sums}
    from assessments_assessment a
    join enrollment_visit v on v.id = a.visit_id join enrollment_period p on p.id = v.period_id
    left join assessments_secondrating s on s.visit_id = a.visit_id and s.instrument = a.instrument
    where a.participant_id = any(%s) and a.instrument = %s and v.code = any(%s)
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows by participant, then period. `totals` and each of `subscales`: whole numbers, MISSING where there is
    none, or none that counts: `sides` says of each rating why it does not (WRONG_SIDES). `inputs`: "[rating id, version]",
    empty without a rating; `periods`: the same of the period itself."""

    who: Array
    number: Array
    dosed: Array
    periods: Array
    totals: Array
    inputs: Array
    sides: Array
    subscales: dict[str, Array]


def read(participants: Sequence[int], protocol: ProtocolVersion, visits: Sequence[str]) -> Frame:
    """Everything that the outcomes of `participants` (ids) rest on, in two reads."""
    items = subscale_items(endpoint_instrument(protocol.definition).code)
    periods = _copy(
        "select participant_id as who, number, (dosed_on is not null)::int as dosed,"
        " '[' || id || ', ' || version || ']' as input from enrollment_period"
        " where participant_id = any(%s) order by participant_id, number",
        [list(participants)],
    )
    ratings = _ratings(participants, protocol, visits, items)
    keys = _key(periods)
    row = np.searchsorted(keys, _key(ratings))
    place_of = {code: place for place, code in enumerate(visits)}
    column = ratings["visit"].map(place_of).to_numpy(dtype=int)

    def spread(values: Array, empty: Any) -> Array:
        grid = np.full((len(keys), len(visits)), empty, dtype=values.dtype)
        grid[row, column] = values
        return grid

    sides = ratings["side"].to_numpy(dtype=int)
    whole = {name: ratings.iloc[:, 6 + place] for place, name in enumerate(items)} | {"": ratings["total"]}
    grids = {
        name: spread(
            np.where(sides, MISSING, values.astype(float).fillna(MISSING).to_numpy(dtype=int)), MISSING
        )
        for name, values in whole.items()
    }
    return Frame(
        who=periods["who"].to_numpy(),
        number=periods["number"].to_numpy(),
        dosed=periods["dosed"].to_numpy(),
        periods=periods["input"].to_numpy(dtype=object),
        totals=grids.pop(""),
        inputs=spread(ratings["input"].to_numpy(dtype=object), ""),
        sides=spread(sides, 0),
        subscales=dict(sorted(grids.items())),
    )


def _ratings(
    participants: Sequence[int],
    protocol: ProtocolVersion,
    visits: Sequence[str],
    items: Mapping[str, Sequence[Sequence[str]]],
) -> "pd.DataFrame":
    """With a column for the sum of each subscale, in the order of `items`."""
    return _copy(
        RATINGS.format(sums="".join(", " + _sum(item) for item in items.values())),
        [
            list(WRONG_SIDES),
            _after_dose(protocol),
            *_codes(items),
            list(participants),
            endpoint_instrument(protocol.definition).code,
            list(visits),
        ],
    )


def _after_dose(protocol: ProtocolVersion) -> list[str]:
    rules = protocol.definition
    return sorted(visits_after_dose(rules.visits, rules.endpoints.baseline_visit))


def _key(frame: "pd.DataFrame") -> Array:
    """Participant and period in one number: a protocol has at most 100 periods."""
    who, number = (frame[name].to_numpy(dtype=np.int64) for name in ("who", "number"))
    return cast(Array, who * 1000 + number)


def _codes(items: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    return [code for item in items.values() for codes in item for code in codes]


def _sum(items: Sequence[Sequence[str]]) -> str:
    """A sum that is null unless each item was rated in one of its ways."""
    value = "(a.items ->> %s)::int"
    return " + ".join(f"coalesce({', '.join([value] * len(codes))})" for codes in items)


def _copy(query: str, values: Sequence[Any]) -> "pd.DataFrame":
    """The rows of `query` by COPY, which is the quickest way from the database into arrays."""
    # Here, for it takes a second to load: the web starts without it, and the workers before they fork (tasks.py).
    import pandas as pd

    with connection.cursor() as cursor:
        file = io.BytesIO()
        cursor.copy_expert(
            f"copy ({cursor.mogrify(query, values).decode()}) to stdout with (format csv, header)", file
        )
    file.seek(0)
    return pd.read_csv(file, dtype={"visit": str, "input": str}, keep_default_na=False, na_values=[""])
