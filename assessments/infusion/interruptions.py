"""An interruption of the infusion as its step sends it, added to those that the form has."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.domain.values import Value
from assessments.domain.zoned import read_clock

# Longer, and it is two times that were mixed up: 14:05 to 14:00 would be nearly a day.
LONGEST = 12 * 60


def with_interruption(saved: Mapping[str, Value], fields: Mapping[str, str]) -> dict[str, str]:
    """The form's fields with one interruption more: `from`, `until` and `why` as typed. Raises ValidationError by field."""
    began, ended = (read_clock(fields.get(name, "").strip()) for name in ("from", "until"))
    problems = {}
    if began is None:
        problems["from"] = _("Give the time as 14:05.")
    if ended is None:
        problems["until"] = _("Give the time as 14:05.")
    if not fields.get("why", "").strip():
        problems["why"] = _("Say why.")
    if began is None or ended is None or problems:
        raise ValidationError(problems)
    # Over midnight where the end is the earlier of the two.
    minutes = ((ended.hour - began.hour) * 60 + ended.minute - began.minute) % (24 * 60)
    if minutes > LONGEST:
        message = _("From %(began)s to %(ended)s would be %(hours)d hours. Check both times.")
        times = {"began": f"{began:%H:%M}", "ended": f"{ended:%H:%M}", "hours": minutes // 60}
        raise ValidationError({"until": message % times})
    line = f"{began:%H:%M}–{ended:%H:%M}: {fields['why'].strip()}"
    before, total = saved.get("INTERRUPTIONS"), saved.get("INTERRUPTED_FOR")
    already = str(before) if before else ""
    return {
        "item_INTERRUPTED": "Y",
        "item_INTERRUPTIONS": f"{already}\n{line}".strip(),
        "item_INTERRUPTED_FOR": str((total if isinstance(total, int) else 0) + minutes),
    }
