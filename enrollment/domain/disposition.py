"""Where a participant stands in the study, once for every page, figure and file. Each is in one state, so that the states
of any group add up to the group."""

from typing import Literal, get_args

Disposition = Literal[
    "in_screening", "screen_failure", "withdrawn_before", "under_way", "completed", "withdrawn"
]
DISPOSITIONS: tuple[Disposition, ...] = get_args(Disposition)
# Of who was randomised, and of nobody else.
RANDOMISED: tuple[Disposition, ...] = ("under_way", "completed", "withdrawn")


def disposition(status: str, *, randomised: bool) -> Disposition:
    """`status`: as the participant's record has it. Raises ValueError for one that is none.

    >>> disposition("withdrawn", randomised=False), disposition("withdrawn", randomised=True)
    ('withdrawn_before', 'withdrawn')
    """
    match status, randomised:
        case ("withdrawn", True) | ("completed", True):
            return "withdrawn" if status == "withdrawn" else "completed"
        case ("screening" | "eligible" | "screen_failed" | "randomised" | "completed", True):
            return "under_way"
        case ("screen_failed", False):
            return "screen_failure"
        case ("withdrawn", False):
            return "withdrawn_before"
        case ("screening" | "eligible" | "randomised" | "completed", False):
            return "in_screening"
        case _:
            raise ValueError(f"no state of a participant: {status}")
