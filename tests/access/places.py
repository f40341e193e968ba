"""A record of every kind at site 01 of the demo trial, and the arguments that lead each address to it."""

from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, get_resolver, reverse

from assessments.models import Assessment
from assessments.safety.models import SafetyAlert
from enrollment import services
from enrollment.models import FailedTreatment, Participant, Period, Visit
from enrollment.selectors import today_at
from enrollment.services.feed import make_feed
from tests.access.table import Row
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import AccessReset, Study, User
from trialsite.accounts.services import invitation_of, request_reset
from trialsite.review.models import Lock, Query, UnlockRequest, Verification
from trialsite.review.services import request_unlock


@dataclass(frozen=True, slots=True)
class Places:
    """One record of each kind at site 01, and participants of it in several states."""

    study: Study
    participant: Participant
    screening: Participant
    treatment: FailedTreatment
    period: Period
    visit: Visit
    query: Query
    verification: Verification
    lock: Lock
    unlock: UnlockRequest
    feed: str
    alert: SafetyAlert
    reset: AccessReset

    def arguments(self, row: Row) -> dict[str, Any]:
        """Keyword arguments of the address of `row`."""
        special: dict[str, dict[str, Any]] = {
            "chart_download": {"chart": "pooled", "kind": "csv"},
            "closed_chart": {"chart": "slopes", "kind": "csv"},
            "look_chart": {"chart": "slopes", "kind": "svg", "number": 1},
            "screening": {"code": self.screening.code},
            "treatment_add": {"code": self.screening.code},
            "treatment_remove": {"code": self.screening.code, "pk": self.treatment.pk},
            "eligibility_confirm": {"code": self.screening.code},
            "randomise": {"code": self.screening.code},
            "treatments_declare": {"code": self.screening.code},
            "screening_reopen": {"code": self.screening.code},
            "rescreen": {"code": self.screening.code},
            "allocation_request": {"site": "01"},
            "person": {"pk": User.objects.get(username="monitor").pk},
            "person_change": {"pk": User.objects.get(username="monitor").pk, "act": row.variant},
            "reset_decide": {"pk": self.reset.pk},
            "role_grant": {"pk": User.objects.get(username="monitor").pk},
            "role_end": {"pk": User.objects.get(username="monitor").memberships.get(study=self.study).pk},
            "plan": {"pk": self.period.pk},
            "dosing": {"pk": self.period.pk},
            "query_turn": {"pk": self.query.pk, "turn": row.variant},
            "unverify": {"pk": self.verification.pk},
            "unlock_request": {"pk": self.lock.pk},
            "unlock_decide": {"pk": self.unlock.pk},
            "unlock_end": {"pk": self.unlock.pk},
            "feed": {"token": self.feed},
            "safety_alert": {"pk": self.alert.pk},
            "audit_entries": {"chain": f"participant:{self.participant.pk}", "first": 1, "last": 3},
            "session_end": {"key": "others"},
        }
        ordinary: dict[str, Any] = {"study": self.study.code, "pk": self.visit.pk, "number": 1}
        ordinary["code"] = (
            "HAMD17" if row.route in {"rating", "draft", "draft_discard"} else self.participant.code
        )
        if row.route == "invitation":
            return dict(
                zip(("uid", "token"), invitation_of(User.objects.get(username="auditor")), strict=True)
            )
        wanted = patterns()[row.route].pattern.converters
        return {name: special.get(row.route, {}).get(name, ordinary.get(name)) for name in wanted}

    def address(self, row: Row) -> str:
        return reverse(row.route, kwargs=self.arguments(row))


def patterns() -> dict[str, URLPattern]:
    """Every address of the URLconf by its name; nested URLconfs would be a second thing to walk."""
    found = {}
    for pattern in get_resolver().url_patterns:
        assert isinstance(pattern, URLPattern), f"{pattern}: an included URLconf is not walked by this test"
        assert pattern.name, f"{pattern}: an address without a name cannot be classified"
        assert pattern.name not in found, f"{pattern.name}: two addresses of one name"
        found[pattern.name] = pattern
    return found


def find() -> Places:
    """The records, made where the demo has none."""
    study = Study.objects.get(code="KETNAL")
    site = study.sites.get(code="01")
    people = {
        name: User.objects.get(username=name) for name in ("coordinator", "investigator", "datamanager")
    }
    locked = Lock.objects.get(study=study)
    query = Query.objects.filter(participant__site=site).order_by("pk")[0]
    today = today_at(site)
    screening = services.screen(site, by=people["coordinator"], consented_on=today, age=44, sex="F")
    treatment = services.add_treatment(
        screening, by=people["coordinator"], kind="antidepressant", name="Sertraline", dose="", weeks=8,
        outcome="insufficient",
    )  # fmt: skip
    visit = Visit.objects.filter(participant=query.participant, period__number=2).order_by("day")[0]
    assert visit.period is not None
    return Places(
        study=study,
        participant=query.participant,
        screening=screening,
        treatment=treatment,
        period=visit.period,
        visit=visit,
        query=query,
        verification=Verification.objects.filter(participant=locked.participant, voided_at=None)[0],
        lock=locked,
        unlock=request_unlock(locked, by=people["investigator"], reason="to correct a date"),
        feed=make_feed(study, by=people["coordinator"]),
        alert=_alert(study, people["coordinator"]),
        reset=request_reset(
            people["investigator"],
            study,
            by=User.objects.get(username="admin"),
            kind="password",
            reason="forgot it",
        ),
    )


def _alert(study: Study, by: User) -> SafetyAlert:
    """An open one, of a rating that is not locked."""
    rating = Assessment.objects.filter(participant__study=study, participant__site__code="01").latest("pk")
    with signed_by(by):
        return SafetyAlert.objects.create(
            participant=rating.participant, site=rating.participant.site, rating=rating, item="HAMD103", value=4,
            trigger="level",
        )  # fmt: skip
