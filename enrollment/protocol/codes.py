"""Codes in a protocol file: each once, and none that there is not."""

from collections.abc import Iterator, Sequence

from trialsite.lib.document.keys import nearest
from trialsite.lib.document.problems import Problem, display


def codes_once(key: str, name: str, codes: Sequence[str]) -> Iterator[Problem]:
    """At least one, and each once."""
    if not codes:
        yield Problem(key, "an empty list", "at least one")
    first: dict[str, int] = {}
    for position, code in enumerate(codes, start=1):
        if first.setdefault(code, position) != position:
            expected = f"each {name} once; {key}[{first[code]}] has it already"
            yield Problem(f"{key}[{position}].{name}", display(code), expected)


def known(key: str, code: str, codes: Sequence[str], what: str) -> Iterator[Problem]:
    """That it is one of them."""
    if code not in codes:
        near = nearest(code, codes)
        hint = f"; did you mean '{near}'?" if near else ""
        yield Problem(key, display(code), f"{what}: one of {', '.join(codes)}{hint}")
