"""What must hold before trial data may be written through a connection."""

from typing import Any

from django.apps import apps

# Tables that hold no trial data: sessions, login attempts, drafts, debts, and what can be derived again.
UNAUDITED = {
    "accounts_session",
    "assessments_draft",
    "audit_outbox",
    "analysis_outcome",
    "analysis_studysummary",
}
OURS = {"accounts", "audit", "enrollment", "assessments", "analysis"}


def audited_tables() -> set[str]:
    """Tables of trial data: all of ours that are not named in UNAUDITED."""
    models = (m for m in apps.get_models() if m._meta.app_label in OURS and m._meta.managed)
    return {m._meta.db_table for m in models} - UNAUDITED


def problems(connection: Any) -> list[str]:
    """Sentences, empty when the connection is fit to serve."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "select rolsuper, rolcreaterole, exists (select from pg_tables where tableowner = current_user"
            " and schemaname in ('public', 'audit', 'closed')) from pg_roles where rolname = current_user"
        )
        superuser, creates, owns = cursor.fetchone()
        if superuser or creates or owns:
            found.append("this process is connected as an owner or a superuser")
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute("select current_setting(%s)", [name])
            if cursor.fetchone()[0] == "off":
                found.append(f"{name} is off: a crash could lose acknowledged writes")
        cursor.execute(
            "select tgrelid::regclass::text from pg_trigger where tgname = 'z_audit' and tgenabled in ('O', 'A')"
        )
        guarded = {row[0] for row in cursor.fetchall()}
    found += [f"{table} has no enabled audit trigger" for table in sorted(audited_tables() - guarded)]
    return found
