"""What the reading roles see of tables that hold secrets: everything but those."""

from trialsite.lib.database import DatabaseCursor

# Not for reports at all.
SECOND_FACTORS = ("accounts_authenticator", "accounts_recoverycode")
_RIGHTS = """
select format('revoke select on %%1$s from trialsite_report, trialsite_verify; grant select (%%2$s) on %%1$s to %%3$s',
  c.oid::regclass,
  string_agg(quote_ident(a.attname), ', ' order by a.attname) filter (where not a.attname = any (audit.secret())),
  case when c.relname = any (%s) then 'trialsite_verify' else 'trialsite_report, trialsite_verify' end)
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
  and exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'audit_insert')
group by c.oid, c.relname having bool_or(a.attname = any (audit.secret()))
"""


def grant(cursor: DatabaseCursor) -> None:
    """As the owner, after each migration: a new column of such a table is read, a new secret is not."""
    cursor.execute(_RIGHTS, [list(SECOND_FACTORS)])
    for (rights,) in cursor.fetchall():
        cursor.execute(rights)
