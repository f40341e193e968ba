"""The only writers of derived data. Workers call these; what they derive can always be derived again."""

from analysis.services.outcomes import adopt_rules, recompute
from analysis.services.summary import summarise

__all__ = ["adopt_rules", "recompute", "summarise"]
