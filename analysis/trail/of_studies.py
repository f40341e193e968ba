"""Entries about the study itself and its people, in words."""

from django.utils.translation import gettext as _

from analysis.models import Look
from analysis.trail.description import Description, of_row
from analysis.trail.line import TrailLine
from analysis.trail.names import Names, Row
from trialsite.accounts.models import AccessEvent, Role
from trialsite.audit.models import Event


def account(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    name, new = {"name": names.user(entry.row_pk)}, entry.new or {}
    if entry.op == "I":
        verb = _("created an account for %(name)s")
    elif "password" in new:
        verb = _("set the password of %(name)s")
    elif "is_active" in new:
        verb = _("reactivated %(name)s") if new["is_active"] else _("deactivated %(name)s")
    else:
        verb = _("changed the account of %(name)s")
    return of_row(8, entry, verb % name, _("account of %(name)s") % name, lines)


def role(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    labels = dict(Role.choices)
    site = names.site(row["site_id"]) if row.get("site_id") else _("all sites")
    what = {
        "name": names.user(row.get("user_id")),
        "role": labels.get(row.get("role", ""), row.get("role")),
        "site": site,
    }
    if entry.op == "I":
        verb = _("granted %(name)s the role %(role)s at %(site)s")
    else:
        verb = (
            _("ended the role %(role)s of %(name)s at %(site)s")
            if "ends_at" in (entry.new or {})
            else _("changed the role %(role)s of %(name)s")
        )
    return of_row(
        7, entry, verb % what, _("role %(role)s of %(name)s") % what, lines if entry.op == "U" else ()
    )


def access(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    """Somebody came, went or proved to be themselves: the kind says it."""
    kind = str(dict(AccessEvent.Kind.choices).get(row.get("kind", ""), row.get("kind", "")))
    whose = row.get("user_id")
    verb = kind[:1].lower() + kind[1:]
    if whose and whose != entry.actor:
        verb = _("%(kind)s: %(name)s") % {"kind": verb, "name": names.user(whose)}
    about = TrailLine(_("About"), "", str(row.get("about", "")))
    return of_row(9, entry, verb, kind, (about,) if about.new else ())


def look(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    what = {"n": row.get("number"), "decision": dict(Look.Decision.choices).get(row.get("decision", ""), "")}
    new = entry.new or {}
    if entry.op == "I":
        verb = _("requested look %(n)s")
    elif new.get("decision"):
        verb = _("decided after look %(n)s: %(decision)s")
    else:
        verb = _("took look %(n)s")
    return of_row(5, entry, verb % what, _("look %(n)s") % what, lines)
