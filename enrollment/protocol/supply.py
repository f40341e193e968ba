"""What the supply of kits asks of the rest of a protocol file."""

from collections.abc import Iterator

from enrollment.protocol.model import Protocol
from trialsite.lib.document.problems import Problem, display


def supply(p: Protocol) -> Iterator[Problem]:
    rule = p.supply
    if rule is None:
        return
    if p.allocation is None and len(p.sequences) == 1:
        yield Problem("supply", "a table, without [allocation]", "kits by an allocation list")
    if p.allocation and p.allocation.stratify_by != "site":
        expected = "'site': kits are at a site before it is known who gets them"
        yield Problem("allocation.stratify_by", display(p.allocation.stratify_by), expected)
    if rule.minimum_sets <= rule.spare_sets:
        expected = (
            f"more than spare_sets, {rule.spare_sets}: else a site is resupplied once it can randomise nobody"
        )
        yield Problem("supply.minimum_sets", display(rule.minimum_sets), expected)
    if rule.target_sets <= rule.minimum_sets:
        expected = f"more than minimum_sets, {rule.minimum_sets}"
        yield Problem("supply.target_sets", display(rule.target_sets), expected)
