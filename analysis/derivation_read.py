"""The ratings of participants as arrays: one row a participant-period, one column a visit."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from django.db import connection

from analysis.rules import endpoint_instrument, subscale_items
from enrollment.models import ProtocolVersion

if TYPE_CHECKING:
    import pandas as pd

# Totals and sums are never negative.
MISSING = -1
Array = np.ndarray[Any, Any]
RATINGS = """
    select a.participant_id as who, p.number, v.code as visit, a.total, '[' || a.id || ', ' || a.version || ']' as input
           {sums}
    from assessments_assessment a
    join enrollment_visit v on v.id = a.visit_id join enrollment_period p on p.id = v.period_id
    where a.participant_id = any(%s) and a.instrument = %s and v.code = any(%s)
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows by participant, then period. `totals` and each of `subscales`: whole numbers, MISSING where there is
    none. `inputs`: "[rating id, version]", empty without a rating; `periods`: the same of the period itself."""

    who: Array
    number: Array
    dosed: Array
    periods: Array
    totals: Array
    inputs: Array
    subscales: dict[str, Array]


def read(people: Sequence[int], protocol: ProtocolVersion, visits: Sequence[str]) -> Frame:
    """Everything that the outcomes of `people` (ids) rest on, in two reads."""
    instrument = endpoint_instrument(protocol.rules).code
    items = subscale_items(instrument)
    periods = _copy(
        "select participant_id as who, number, (dosed_on is not null)::int as dosed,"
        " '[' || id || ', ' || version || ']' as input from enrollment_period"
        " where participant_id = any(%s) order by participant_id, number",
        [list(people)],
    )
    ratings = _copy(
        RATINGS.format(sums="".join(", " + _sum(item) for item in items.values())),
        [*_codes(items), list(people), instrument, list(visits)],
    )
    keys = _key(periods)
    row = np.searchsorted(keys, _key(ratings))
    place_of = {code: place for place, code in enumerate(visits)}
    column = ratings["visit"].map(place_of).to_numpy(dtype=int)

    def spread(values: Array, empty: Any) -> Array:
        grid = np.full((len(keys), len(visits)), empty, dtype=values.dtype)
        grid[row, column] = values
        return grid

    whole = {name: ratings.iloc[:, 5 + place] for place, name in enumerate(items)} | {"": ratings["total"]}
    grids = {
        name: spread(values.astype(float).fillna(MISSING).to_numpy(dtype=int), MISSING)
        for name, values in whole.items()
    }
    return Frame(
        who=periods["who"].to_numpy(),
        number=periods["number"].to_numpy(),
        dosed=periods["dosed"].to_numpy(),
        periods=periods["input"].to_numpy(dtype=object),
        totals=grids.pop(""),
        inputs=spread(ratings["input"].to_numpy(dtype=object), ""),
        subscales=dict(sorted(grids.items())),
    )


def _key(frame: "pd.DataFrame") -> Array:
    """Participant and period in one number: a protocol has at most 100 periods."""
    who, number = (frame[name].to_numpy(dtype=np.int64) for name in ("who", "number"))
    return cast(Array, who * 1000 + number)


def _codes(items: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    return [code for item in items.values() for codes in item for code in codes]


def _sum(items: Sequence[Sequence[str]]) -> str:
    """A sum that is null unless each item was rated in one of its ways."""
    one = "(a.items ->> %s)::int"
    return " + ".join(f"coalesce({', '.join([one] * len(codes))})" for codes in items)


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
