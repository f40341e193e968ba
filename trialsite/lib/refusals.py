"""SQLSTATEs of our own: by them a refusal of the database's functions is told from a fault or an outage."""

LOCKED = "TS001"  # trialsite/review/sql/functions/review_keep.sql
NOT_ALLOWED = "TS002"  # enrollment/sql/functions/viewer.sql
UNCONFIRMED = "TS004"  # trialsite/review/sql/functions/fresh_confirmation.sql
RESTING = "TS005"  # trialsite/review/sql/functions/fresh_confirmation.sql
USED_UP = "TS003"  # enrollment/sql/functions/assign.sql
NO_KITS = "TS006"  # enrollment/sql/functions/assign.sql


def code(error: Exception) -> str | None:
    """The SQLSTATE behind Django's DatabaseError; None when the server did not answer at all."""
    return getattr(error.__cause__, "pgcode", None)
