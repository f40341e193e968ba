"""What the blinded dashboard shows. It reads stored outcomes and figures; nothing is derived here but proportions."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, QuerySet, Value, When
from django.utils.translation import gettext as _

from analysis.blinded.proportion import proportion
from analysis.dashboard_parts import pattern_rows, quality_rows, site_rows
from analysis.domain.response import later_visits
from analysis.looks import look_sentence
from analysis.models import Outcome, StudySummary
from analysis.rules import rule_set, rules_in_force, rules_waiting
from analysis.services.summary import SHAPE
from analysis.trajectory_filter import EVERYBODY, Selection
from enrollment.models import Participant, ProtocolVersion, Visit
from trialsite.accounts.models import Site, Study

TRAJECTORIES = 40


def serial_of(study: Study) -> int:
    """Grows with every computation of the study's figures: 0 before the first."""
    return StudySummary.objects.filter(study=study).values_list("serial", flat=True).first() or 0


def dashboard_page(study: Study, sites: QuerySet[Site], selection: Selection = EVERYBODY) -> dict[str, Any]:
    """Context of the blinded dashboard: the study's pooled figures, and what is shown of `sites` alone: their rows
    of the table, and the trajectories of those of their participants whom `selection` names."""
    summary = StudySummary.objects.filter(study=study).first()
    figures = summary.figures if summary and summary.figures.get("shape") == SHAPE else None
    page: dict[str, Any] = {
        "study": study,
        "summary": summary,
        "figures": figures,
        "rules": study.protocols.latest().rules,
        "in_force": rules_in_force(study),
        "waiting": rules_waiting(study),
        "serial": summary.serial if summary else 0,
    }
    if figures:
        mine = set(sites.values_list("code", flat=True))
        people = _people(study, sites, selection)
        page |= {
            "headline": _headline(figures),
            "pooled": [_with_intervals(row) for row in figures["pooled"]],
            "patterns": pattern_rows(figures),
            "course": _course(figures["course"], page["in_force"]),
            "quality": quality_rows(figures, page["rules"].washout),
            "by_site": site_rows(figures, mine),
            "look": look_sentence(study, figures["looks"], figures["completers"]),
            "people": people,
            "selection": selection,
            "trajectories": _trajectories(people),
        }
    return page


def _headline(figures: dict[str, Any]) -> list[dict[str, Any]]:
    nothing: dict[str, Any] = {"n": 0, "responders": 0, "remitters": 0, "label": ""}
    primary = next((row for row in figures["pooled"] if row["primary"]), nothing)
    response, remission = (proportion(primary[key], primary["n"]) for key in ("responders", "remitters"))
    pooled = _("participant-periods, all treatments pooled")
    return [
        {"name": _("Randomised"), "value": figures["randomised"], "of": _("of %(n)d planned") % {"n": figures["planned"]}},
        {"name": _("Completers"), "value": figures["completers"],
         "of": _("of %(n)d randomised; evaluable in every period") % {"n": figures["randomised"]}},
        {"name": _("Response, %(visit)s") % {"visit": primary["label"]}, "proportion": response, "of": pooled},
        {"name": _("Remission, %(visit)s") % {"visit": primary["label"]}, "proportion": remission, "of": pooled},
    ]  # fmt: skip


def _with_intervals(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "response": proportion(row["responders"], row["n"]),
        "remission": proportion(row["remitters"], row["n"]),
    }


def _course(counted: dict[str, int], protocol: ProtocolVersion) -> list[dict[str, Any]]:
    """What became of the responses: shares of the responding participant-periods in which it is known; where no visit
    follows the primary one, neither is defined."""
    names = {"sustained": _("Response sustained to the last visit"), "relapse": _("Relapse")}
    if not later_visits(rule_set(protocol)):
        primary = protocol.rules.visit(protocol.rules.endpoints.primary_visit)
        said = _("not defined by this protocol: no visit follows %(visit)s") % {"visit": primary.label}
        return [{"name": name, "undefined": said} for name in names.values()]
    of = _("of %(all)d responding participant-periods, those in which it is known") % {
        "all": counted["responders"]
    }
    return [
        {"name": name, "proportion": proportion(counted[key], counted["known"]), "of": of}
        for key, name in names.items()
    ]


def _people(study: Study, sites: QuerySet[Site], selection: Selection) -> Page[Participant]:
    """Participants with outcomes at `sites`, a page of them: whose lines are lit, then those randomised last."""
    people = Participant.objects.filter(study=study, site__in=sites, overall__isnull=False)
    if selection.site:
        people = people.filter(site__code=selection.site)
    if selection.completers:
        people = people.filter(overall__completer=True)
    lit = Case(When(code=selection.participant, then=Value(0)), default=Value(1))
    return Paginator(people.order_by(lit, "-randomised_at", "code"), TRAJECTORIES).get_page(selection.page)


def _trajectories(people: Page[Participant]) -> list[dict[str, Any]]:
    """Each participant of the page with outcomes and visit days by period, in the order of codes."""
    chosen = list(people.object_list)
    outcomes: dict[int, list[Outcome]] = {person.pk: [] for person in chosen}
    for outcome in Outcome.objects.filter(participant__in=chosen).order_by("period"):
        outcomes[outcome.participant_id].append(outcome)
    visits: dict[tuple[int, int], list[Visit]] = {}
    done = Visit.objects.filter(
        participant__in=chosen, period__dosed_on__isnull=False, performed_on__isnull=False
    )
    for visit in done.select_related("period"):
        if visit.period:
            visits.setdefault((visit.participant_id, visit.period.number), []).append(visit)
    return [
        {
            "participant": person,
            "periods": [
                {"outcome": outcome, **_days(visits.get((person.pk, outcome.period), []))}
                for outcome in outcomes[person.pk]
            ],
        }
        for person in sorted(chosen, key=lambda one: one.code)
    ]


def _days(visits: list[Visit]) -> dict[str, Any]:
    """By visit code the day on which it took place; and the visits out of their window."""
    return {
        "days": {
            visit.code: (visit.performed_on - visit.period.dosed_on).days
            for visit in visits
            if visit.performed_on and visit.period and visit.period.dosed_on
        },
        "outside": frozenset(visit.code for visit in visits if visit.deviation()),
    }
