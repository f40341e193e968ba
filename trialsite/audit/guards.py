"""How the guards of the database were left by the last migration, and what has been changed since."""

import json
from collections.abc import Collection

from trialsite.lib.database import DatabaseCursor

TABLE, ROW = "guards", "database"


def changed(cursor: DatabaseCursor) -> dict[str, tuple[str | None, str | None]]:
    """Object → (hash that the trail tells, hash now), of each that differs; None where there is none."""
    cursor.execute(
        "select coalesce(audit.merge(new order by n), '{}')::text from audit.event"
        " where chain = 'system' and table_name = %s and op = 'M'",
        [TABLE],
    )
    recorded = {name: state for name, state in json.loads(cursor.fetchone()[0]).items() if state is not None}
    now = states(cursor)
    return {
        name: (recorded.get(name), now.get(name))
        for name in sorted(recorded.keys() | now.keys())
        if recorded.get(name) != now.get(name)
    }


def states(cursor: DatabaseCursor) -> dict[str, str]:
    """Object → hash of how it is now."""
    cursor.execute("select object, state from audit.guards()")
    return dict(cursor.fetchall())


def sentence(name: str, before: str | None, now: str | None) -> str:
    happened = "is new" if before is None else "is gone" if now is None else "is not as it was"
    return f"{name}: {happened} since the last migration"


def unexplained(cursor: DatabaseCursor) -> dict[str, str | None]:
    """Object → hash now, of what differs from the trail before a command that may change guards itself."""
    return {name: now for name, (_, now) in changed(cursor).items()}


def record(cursor: DatabaseCursor, why: str, *, but: Collection[str] = ()) -> list[str]:
    """Write what the guards are now into the trail, `but` for these. Only the owner may. Returns their names."""
    differing = {name: pair for name, pair in changed(cursor).items() if name not in but}
    if differing:
        was, now = ({name: pair[side] for name, pair in differing.items()} for side in (0, 1))
        cursor.execute(
            "select audit.record('system', %s, %s, %s, %s, %s)",
            [TABLE, ROW, json.dumps(was), json.dumps(now), why],
        )
    return list(differing)
