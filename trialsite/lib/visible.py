"""Whether a text has anything to see."""

import re

# Blanks, control and format characters, fillers and selectors: trialsite/audit/sql/functions/visible.sql has the same.
_SEEN = re.compile(
    r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def is_visible(text: str) -> bool:
    """False for an empty text, and for one of blanks, zero-width spaces and their like alone."""
    return _SEEN.search(text) is not None
