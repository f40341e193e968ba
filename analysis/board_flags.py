"""What a look's figures raise: flags, and boundaries that the observed z has reached."""

from collections.abc import Mapping
from typing import Any

FLAGS = ("safety", "efficacy", "futility")
COMPARED = ("pocock", "obrien_fleming", "haybittle_peto")


def with_safety(shown: Mapping[str, Any], stops: bool) -> dict[str, Any]:
    """`shown`, a result of `monitoring`, when serious events were reported: whether they stop the trial."""
    flags = [name for name in FLAGS if name in shown["flags"] or (stops and name == "safety")]
    none = shown["flag"] if shown["look_due"] is None else "continue"
    return {**shown, "flags": flags, "flag": flags[0] if flags else none}


def crossed(found: Mapping[str, Any], name: str) -> bool:
    """Whether the observed z has reached boundary `name`; with two sides in either direction."""
    z = abs(found["z"]) if found["sides"] == 2 else found["z"]
    return bool(z >= found["boundaries"][name])
