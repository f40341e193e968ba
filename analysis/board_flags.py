"""What a look's figures raise: flags, and boundaries that the observed z has reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FLAGS = ("safety", "efficacy", "futility")
COMPARED = ("pocock", "obrien_fleming", "haybittle_peto")
# A boundary above the z of any p, where no error is left to spend.
NEVER = 40.0


@dataclass(frozen=True, slots=True)
class LookShown:
    """A look as table, chart and test have it: with the completers it had and the boundaries at its information, or,
    not made yet, as it is planned. `z`, `crossed`: of the look that the figures are of; None and False for others."""

    number: int
    completers: int
    boundaries: Mapping[str, float]
    planned: bool
    z: float | None = None
    crossed: bool = False


def with_safety(shown: Mapping[str, Any], stops: bool) -> dict[str, Any]:
    """`shown`, a result of `monitoring`, when serious events were reported: whether they stop the trial."""
    flags = [name for name in FLAGS if name in shown["flags"] or (stops and name == "safety")]
    none = shown["flag"] if shown["look_due"] is None else "continue"
    return {**shown, "flags": flags, "flag": flags[0] if flags else none}


def crossed(found: Mapping[str, Any], name: str) -> bool:
    """Whether the observed z has reached boundary `name`; with two sides in either direction."""
    z = abs(found["z"]) if found["sides"] == 2 else found["z"]
    return bool(z >= found["boundaries"][name])


def looks_shown(found: Mapping[str, Any]) -> list[LookShown]:
    """The looks made up to the one that `found`, a result of `monitoring`, is of, and those still planned.

    One passed over that does not count is left out. Figures of earlier versions do not say what the earlier looks had:
    those stand as planned."""
    here = found["look_due"] or 0
    plan = {look["number"]: look for look in found["looks"]}
    made = found.get("made")
    if made is None and here:
        made = [plan[number] for number in plan if number < here]
        made.append({"number": here, "completers": found["completers"], "boundaries": found["boundaries"]})
    looks = [
        LookShown(look["number"], look["completers"], look["boundaries"], False,
                  found["z"] if look["number"] == here else None,
                  look["number"] == here and crossed(found, found["spending"]))
        for look in made or ()
    ]  # fmt: skip
    ahead = [look for number, look in plan.items() if number > here]
    return looks + [LookShown(look["number"], look["completers"], look["boundaries"], True) for look in ahead]
