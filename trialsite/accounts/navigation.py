"""The frame of every page: which study, and which rooms of it this person may enter."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.http import current_study
from trialsite.accounts.models import Membership, Role, Study
from trialsite.accounts.policy import POLICY, WHOLE_STUDY

# Who may enter, the address, its name, and what one does there.
ROOMS = [
    ("home.view", "today", _("Today"), _("Your open tasks")),
    (
        "participant.view",
        "participants",
        _("Participants"),
        _("All participants and their progress"),
    ),
    ("calendar.view", "calendar", _("Calendar"), _("Visits and infusions by day")),
    ("supply.view", "supply", _("Kits"), _("Kits at the sites, from receipt to return")),
    ("query.view", "queries", _("Queries"), _("Queries on data and their answers")),
    ("query.view", "review", _("Review"), _("Source verification, signing and locking")),
    (
        "assessment.view",
        "adverse_events",
        _("Adverse events"),
        _("All adverse events, serious ones with their clock"),
    ),
    ("deviation.view", "deviations", _("Deviations"), _("Deviations from the protocol and their review")),
    ("consent.view", "consents", _("Consent"), _("Consent versions and their approval at the sites")),
    ("dashboard.view", "dashboard", _("Dashboard"), _("Blinded study figures")),
    ("quality.view", "rating_quality", _("Rating quality"), _("Patterns in ratings, by rater and site")),
    ("closed.view", "closed", _("Closed report"), _("By treatment, for the data monitoring committee")),
    ("allocation.view", "allocation", _("Allocation"), _("Kit allocation")),
    ("outcomes.adopt", "outcome_rules", _("Outcome rules"), _("Adopt the rules of a new protocol version")),
    ("study.view", "forms", _("Forms"), _("What is recorded, to look at and to print")),
    ("data.import", "imports", _("Import"), _("Import ratings from a file, checked before saving")),
    ("export.blinded", "export", _("Export"), _("All data with a codebook, without treatments")),
    ("audit.view", "audit", _("Audit trail"), _("Who did what, when and why")),
    ("people.manage", "people", _("Users and sites"), _("Invitations, roles and access")),
]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Template context: `study`, `studies`, `nav` and `environment`."""
    base: dict[str, Any] = {"environment": settings.ENVIRONMENT, "nav": [], "studies": [], "study": None}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return base
    grants = list(Membership.objects.current().filter(user=user).select_related("study", "site"))
    studies = list(dict.fromkeys(grant.study for grant in grants))
    code = request.resolver_match.kwargs.get("study") if request.resolver_match else None
    study = next((s for s in studies if s.code == code), None) or current_study.get()
    if study is None and len(studies) == 1:
        study = studies[0]
    base["studies"] = studies
    if study is not None:
        mine = [grant for grant in grants if grant.study_id == study.pk]
        base |= {
            "study": study,
            "nav": _rooms(request, study, mine),
            "role_label": ", ".join(sorted({str(grant.get_role_display()) for grant in mine})),
            "site_label": ", ".join(sorted({str(grant.site) for grant in mine if grant.site}))
            or _("All sites"),
        }
    return base


def _rooms(request: HttpRequest, study: Study, grants: list[Membership]) -> list[dict[str, Any]]:
    roles = {Role(grant.role) for grant in grants}
    everywhere = {Role(grant.role) for grant in grants if grant.site_id is None}
    rooms = []
    for action, name, label, about in ROOMS:
        if POLICY[action] & (everywhere if action in WHOLE_STUDY else roles):
            url = reverse(name, args=[study.code])
            active = request.path == url or (name != "today" and request.path.startswith(url))
            rooms.append({"label": label, "about": about, "url": url, "active": active, "name": name})
    return rooms
