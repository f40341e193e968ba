"""SQL that migrations run to put a table under the audit trail or to let its changes enqueue work."""

from django.db import migrations


def trail(
    table: str, participant: str = "", *, bookkeeping: tuple[str, ...] = ("version",)
) -> migrations.RunSQL:
    """Audit every change of `table`; `participant` is the column that names the participant's chain.

    `bookkeeping` columns may change without a reason when nothing else does.
    """
    arguments = ", ".join(f"'{argument}'" for argument in (participant, *bookkeeping))
    # Named so that an entry comes before those of what other triggers do because of it.
    return migrations.RunSQL(
        f"""
        create trigger audit_insert after insert on {table} referencing new table as later_rows
          for each statement execute function audit.log({arguments});
        create trigger audit_update after update on {table}
          referencing old table as earlier_rows new table as later_rows
          for each statement execute function audit.log({arguments});
        create trigger audit_delete after delete on {table} for each row execute function audit.log({arguments});
        create trigger z_no_truncate before truncate on {table}
          for each statement execute function audit.refuse();
        alter table {table} enable always trigger audit_insert;
        alter table {table} enable always trigger audit_update;
        alter table {table} enable always trigger audit_delete;
        alter table {table} enable always trigger z_no_truncate;
        """,
        f"drop trigger audit_insert on {table}; drop trigger audit_update on {table};"
        f" drop trigger audit_delete on {table}; drop trigger z_no_truncate on {table};",
    )


def enqueues(table: str, kind: str, subject: str) -> migrations.RunSQL:
    """Each statement that inserts or updates `table` adds one outbox entry for every distinct `subject`. The names in
    the database are those that it was first made with."""
    body = f"""
        create function owe_{kind}_{table}() returns trigger language plpgsql
        set search_path = public, pg_temp as $$
        begin
          insert into audit_outbox (kind, subject) select distinct '{kind}', {subject} from changed;
          return null;
        end $$;
    """  # noqa: S608 - names of our own tables, from migrations
    triggers = "".join(
        f"""
        create trigger y_owe_{kind}_{event} after {event} on {table} referencing new table as changed
          for each statement execute function owe_{kind}_{table}();
        """
        for event in ("insert", "update")
    )
    undo = f"drop function owe_{kind}_{table}() cascade;"
    return migrations.RunSQL(body + triggers, undo)


def sealed(table: str, key: str, *, changes: bool = False) -> migrations.RunSQL:
    """Put `closed.table` under the chain of the closed schema; what stands in it is sealed as it is, in the order of
    `key`. Rows are put in, with `changes` also changed where audit.seal_changed lets them, and never taken out."""
    refused = "delete or truncate" if changes else "update or delete or truncate"
    on_change = f"""
        create trigger z_seal_changed after update on closed.{table} referencing old table as before new table as after
          for each statement execute function audit.seal_changed();
        alter table closed.{table} enable always trigger z_seal_changed;
    """
    seal = f"""
        set local timezone = 'UTC';
        set local extra_float_digits = 1;
        set local bytea_output = 'hex';
        select audit.seal_existing('{table}',
          (select array_agg(audit.closed_form(to_jsonb(t)) order by {key}) from closed.{table} t));
        create trigger z_seal_added after insert on closed.{table} referencing new table as added
          for each statement execute function audit.seal_added();
        create trigger z_sealed before {refused} on closed.{table}
          for each statement execute function audit.refuse();
        alter table closed.{table} enable always trigger z_seal_added;
        alter table closed.{table} enable always trigger z_sealed;
    """  # noqa: S608 - names of our own tables, from migrations
    return migrations.RunSQL(seal + (on_change if changes else ""), migrations.RunSQL.noop)


def immutable(table: str) -> migrations.RunSQL:
    """Rows of `table` are written once."""
    return migrations.RunSQL(
        f"create trigger a_immutable before update or delete on {table} for each row execute function audit.refuse();",
        f"drop trigger a_immutable on {table};",
    )
