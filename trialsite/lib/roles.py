"""The database's people: who can log in, and the settings that each session of theirs begins with.

A role may change its own settings (`alter role trialsite_app set synchronous_commit = off`), and PostgreSQL has no
right that could be taken away for that. So the settings that matter are pinned for the role in this database, which
goes before what it sets for itself everywhere; what is asked for when connecting (settings.py) goes before both; and
`readiness` and `verify_audit` name a pin that was moved.
"""

from psycopg2 import sql

from trialsite.lib.database import DatabaseCursor

LOGINS = ("owner", "app", "closed", "report", "verify")
READERS = ("report", "verify")


def pins(login: str) -> dict[str, str]:
    """Setting → value, as `current_setting` tells it."""
    return {
        "search_path": "public",
        "default_transaction_isolation": "read committed",
        "default_transaction_read_only": "on" if login in READERS else "off",
        "synchronous_commit": "on",
    }


def options(user: str) -> str:
    """What a connection of `user` asks for at its start; nothing for a role that is none of ours."""
    login = user.removeprefix("trialsite_")
    if login not in LOGINS:
        return ""
    return " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in pins(login).items())


def pin(cursor: DatabaseCursor, database: str) -> None:
    """As a role that may alter the others. Nothing else is set for them in this database afterwards."""
    for login in LOGINS:
        role = sql.Identifier(f"trialsite_{login}"), sql.Identifier(database)
        cursor.execute(sql.SQL("alter role {} in database {} reset all").format(*role))
        for name, value in pins(login).items():
            cursor.execute(
                sql.SQL("alter role {} in database {} set {} = {}").format(
                    *role,
                    sql.Identifier(name),
                    sql.Literal(value),
                )
            )


def moved(cursor: DatabaseCursor) -> list[str]:
    """Names of the pins that are not where `pin` put them, or do not hold in this session, of the current role."""
    cursor.execute(
        "select current_user, coalesce((select s.setconfig from pg_db_role_setting s"
        " where s.setrole = current_user::regrole"
        "   and s.setdatabase = (select oid from pg_database where datname = current_database())), '{}')"
    )
    user, settings = cursor.fetchone()
    login = user.removeprefix("trialsite_")
    if login not in LOGINS:
        return []
    pinned = dict(line.split("=", 1) for line in settings)
    names = []
    for name, value in pins(login).items():
        cursor.execute("select current_setting(%s)", [name])
        if pinned.get(name) != value or cursor.fetchone()[0] != value:
            names.append(name)
    return names
