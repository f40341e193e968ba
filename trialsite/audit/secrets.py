"""Secrets against the digests that the trail has of them: one replaced behind its trigger shows, without being shown."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from trialsite.lib.database import DatabaseCursor

# What a trail from before it had digests says instead of one.
_WITHOUT = ("not shown", "not shown, changed")
_RECORDED = """
select d.table_name, d.row_pk, s.key, f.fields <> '{}', f.fields ->> s.key, 'not shown, digest ' || s.value
from secret_digests() d
left join lateral (
  select audit.merge(e.new order by e.n) as fields from audit.event e
  where e.table_name = d.table_name and e.row_pk = d.row_pk
) f on true
cross join lateral jsonb_each_text(d.digests) s
order by d.table_name, d.row_pk::bigint, s.key
"""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where it is; whether the trail knows the row, and what it says of the secret; what it would say now."""

    table: str
    row: str
    column: str
    in_trail: bool
    recorded: str | None
    held: str

    @property
    def without_digest(self) -> bool:
        """The row is the trail's, and was written before it had digests, or by a migration that named no secrets."""
        return self.in_trail and (self.recorded is None or self.recorded in _WITHOUT)


def differences(cursor: DatabaseCursor) -> Iterator[str]:
    """Every secret that is not the one that the trail saw."""
    for secret in _all(cursor):
        if secret.recorded != secret.held and secret.recorded not in _WITHOUT:
            yield f"{secret.table}, row {secret.row}: {secret.column} is not the one that the trail knows"


def record(cursor: DatabaseCursor, why: str) -> None:
    """Give those without a digest in the trail the one of the secret as it is now. Only the owner may."""
    for secret in _all(cursor):
        if secret.without_digest:
            was, now = ({secret.column: value} for value in (secret.recorded, secret.held))
            cursor.execute(
                "select audit.record('system', %s, %s, %s, %s, %s)",
                [secret.table, secret.row, json.dumps(was), json.dumps(now), why],
            )


def _all(cursor: DatabaseCursor) -> list[Secret]:
    cursor.execute(_RECORDED)
    return [Secret(*row) for row in cursor.fetchall()]
