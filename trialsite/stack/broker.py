"""Who may do what in Redis or Valkey (7 or newer): a user each for the blinded processes and for the unblinded worker.

Each takes work from its own queue and can only wake the other's. Nobody but the operator (the user "default")
publishes, administers, or reads a password.
"""

# The name of the user, as that of the database role without its prefix → the queue that its worker takes.
QUEUES = {"app": "default", "closed": "closed"}
COMMANDS = "+@all -@admin -@dangerous -@pubsub resetchannels"


def user(name: str, password: str) -> str:
    """A line of the server's configuration. `password`: ">clear text" or "#SHA-256 in hex"."""
    own = QUEUES[name]
    [other] = set(QUEUES.values()) - {own}
    # What a worker has taken and not finished lies in "unacked…" under its user's name: settings.py.
    keys = f"~{own}* ~_kombu.* ~unacked*.{name} ~trialsite:*"
    return f"user {name} on {password} {COMMANDS} {keys} (+lpush +llen ~{other}*)"
