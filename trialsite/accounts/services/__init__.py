"""The only writers about people: who they are, their roles, and how they get in again."""

from trialsite.accounts.services.people import (
    accept_invitation,
    change_password,
    deactivate,
    end_role,
    end_sessions,
    grant_role,
    invitation_of,
    invite,
    invited,
    reactivate,
    record_list,
    tokens,
)
from trialsite.accounts.services.resets import (
    acknowledge_resets,
    decide_reset,
    request_reset,
    reset_at_the_machine,
    takes_two,
)

__all__ = [
    "accept_invitation",
    "acknowledge_resets",
    "change_password",
    "deactivate",
    "decide_reset",
    "end_role",
    "end_sessions",
    "grant_role",
    "invitation_of",
    "invite",
    "invited",
    "reactivate",
    "record_list",
    "request_reset",
    "reset_at_the_machine",
    "takes_two",
    "tokens",
]
