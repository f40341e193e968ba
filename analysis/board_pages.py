"""Context of the closed pages, from what the database gave. Nothing is computed here."""

from typing import Any

from analysis.board import Cut, Section, ended_section, paper, why_ended
from analysis.board_flow import frozen
from analysis.board_words import RECOMMENDATIONS, moment
from analysis.looks import today_of
from analysis.models import Look
from analysis.rules import protocol_in_force
from enrollment.models import EnrollmentPause
from trialsite.accounts.models import Study


def live_page(study: Study, found: dict[str, Any] | None) -> dict[str, Any]:
    """The live report, the looks of the protocol with what has become of each, and the pause if there is one."""
    rules = protocol_in_force(study).rules
    sections: list[Section] = []
    if found:
        protocol = found["protocol"]
        cut = Cut(
            None, moment(found["computed_at"]), found["rows_sha256"], protocol["version"], protocol["sha256"]
        )
        sections = _with_end(paper(rules, found, cut), found["ended"])
    return {
        "study": study,
        "report": found,
        "serial": found["serial"] if found else 0,
        "sections": sections,
        "looks": _looks(study, found),
        "pause": EnrollmentPause.objects.filter(study=study, lifted_at=None).first(),
    }


def _with_end(sections: list[Section], ended: dict[str, Any] | None) -> list[Section]:
    """The figures after a stop behind the primary result; they are those of the look at which the trial ended."""
    if ended is None:
        return sections
    section = ended_section(
        ended["monitoring"], why_ended(ended["look"], ended["monitoring"], ended["stopped"])
    )
    place = next((n for n, one in enumerate(sections, start=1) if one.slug == "primary"), len(sections))
    return [*sections[:place], section, *sections[place:]]


def _looks(study: Study, found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Planned looks: the public record of each where there is one, and what can be done next."""
    rule = protocol_in_force(study).rules.stopping
    taken = {look.number: look for look in Look.objects.filter(study=study).select_related("decided_by")}
    completers = found["completers"] if found else 0
    today = today_of(study)
    rows = []
    for planned in rule.looks if rule else ():
        look = taken.get(planned.number)
        due = planned.due(completers, today)
        before = all(k in taken and taken[k].decision for k in range(1, planned.number))
        rows.append(
            {
                "number": planned.number,
                "completers": planned.completers,
                "look": look,
                "on": planned.day(),
                "due": due,
                "may_request": look is None and before and due,
                "changed": len(found["changed"].get(str(planned.number), [])) if found else 0,
            }
        )
    return rows


def look_page(look: Look, found: dict[str, Any], live: dict[str, Any] | None) -> dict[str, Any]:
    """A frozen look: its paper, its decision, and whether its data have changed since."""
    protocol = look.protocol
    changed = live["changed"].get(str(look.number), []) if live else []
    cut = Cut(look.number, moment(found["taken_at"]), found["cut_sha256"], protocol.version, protocol.sha256)
    return {
        "study": look.study,
        "look": look,
        "found": found,
        "sections": paper(protocol.rules, frozen(protocol.rules, found), cut, found),
        "recommendation": RECOMMENDATIONS.get(found["recommendation"] or ""),
        "changed": changed,
        "has_safety_rule": bool(found["results"]["safety"]),
    }


def look_row(look: Look) -> dict[str, Any]:
    """A look in the printed log."""
    return {
        "number": look.number,
        "completers": look.completers,
        "taken_at": moment(look.taken_at) if look.taken_at else "–",
        "decision": look.decision,
        "decided_by": look.decided_by.printed_name if look.decided_by else "–",
        "decided_at": moment(look.decided_at) if look.decided_at else "–",
    }
