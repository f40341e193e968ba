"""A record of every kind at site 01 of the demo trial, and the arguments that lead each address to it."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from assessments.entry.selectors import FormPlace, places_of
from assessments.importing.services import upload
from assessments.models import Assessment, Deviation, RatingImport, Record
from assessments.models.safety import SafetyAlert
from enrollment import services
from enrollment.availability.services import add_absence
from enrollment.calendar.services import make_feed
from enrollment.consents.services import add_consent_version
from enrollment.models import (
    Absence,
    ConsentVersion,
    Kit,
    Participant,
    Period,
    Shipment,
    Visit,
    WrongKit,
)
from enrollment.selectors import today_at
from tests.access.table import Row
from tests.treatments import add_treatment
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import AccessReset, Membership, Study, User
from trialsite.accounts.services import invitation_of, request_reset
from trialsite.review.models import Lock, Query, UnlockRequest, Verification
from trialsite.review.services import request_unlock


@dataclass(frozen=True, slots=True)
class Places:
    """One record of each kind at site 01, and participants of it in several states."""

    study: Study
    participant: Participant
    screening: Participant
    treatment: Record
    period: Period
    visit: Visit
    query: Query
    verification: Verification
    lock: Lock
    unlock: UnlockRequest
    rating_import: RatingImport
    feed: str
    alert: SafetyAlert
    record: Record
    reset: AccessReset
    deviation: Deviation
    absence: Absence
    consent: ConsentVersion
    shipment: Shipment
    kit: Kit
    wrong_kit: WrongKit
    membership: Membership

    def arguments(self, row: Row) -> dict[str, Any]:
        """Keyword arguments of the address of `row`."""
        special: dict[str, dict[str, Any]] = {
            "chart_download": {"chart": "pooled", "kind": "csv"},
            "closed_chart": {"chart": "slopes", "kind": "csv"},
            "look_chart": {"chart": "slopes", "kind": "svg", "number": 1},
            "screening": {"code": self.screening.code},
            "eligibility_confirm": {"code": self.screening.code},
            "randomise": {"code": self.screening.code},
            "treatments_declare": {"code": self.screening.code},
            "screening_reopen": {"code": self.screening.code},
            "rescreen": {"code": self.screening.code},
            "allocation_request": {"site": "01"},
            "wording": {"site": "01", "code": "CADSS"},
            "site_availability": {"site": "01"},
            "absence_add": {"site": "01"},
            "absence_remove": {"pk": self.absence.pk},
            "consent_version_correct": {"pk": self.consent.pk},
            "consent_approval": {"pk": self.consent.pk, "site": "01"},
            "waiting_list": {"site": "01"},
            "waiting_undo": {"site": "01"},
            "person": {"pk": self.membership.user_id},
            "person_change": {"pk": self.membership.user_id, "act": row.variant},
            "supply_send": {"site": "01"},
            "shipment": {"pk": self.shipment.pk},
            "packing_list": {"pk": self.shipment.pk},
            "wrong_kit": {"pk": self.wrong_kit.pk},
            "wrong_kit_close": {"pk": self.wrong_kit.pk},
            "reset_decide": {"pk": self.reset.pk},
            "role_grant": {"pk": self.membership.user_id},
            "role_end": {"pk": self.membership.pk},
            "plan": {"pk": self.period.pk},
            "dosing": {"pk": self.period.pk},
            "query_turn": {"pk": self.query.pk, "turn": row.variant},
            "unverify": {"pk": self.verification.pk},
            "unlock_request": {"pk": self.lock.pk},
            "unlock_decide": {"pk": self.unlock.pk},
            "unlock_end": {"pk": self.unlock.pk},
            "import": {"pk": self.rating_import.pk},
            "import_confirm": {"pk": self.rating_import.pk},
            "import_again": {"pk": self.rating_import.pk},
            "import_cancel": {"pk": self.rating_import.pk},
            "feed": {"token": self.feed},
            "safety_alert": {"pk": self.alert.pk},
            "deviation": {"pk": self.deviation.pk},
            "deviation_step": {"pk": self.deviation.pk, "step": row.variant},
            "form_shown": {"pk": self.record.definition_id},
            "form_shown_live": {"pk": self.record.definition_id},
            "form_blank": {"pk": self.record.definition_id},
            "instrument_blank": {"code": "HAMD17"},
            "participant_form": {"form": "ADVERSE_EVENT"},
            "participant_form_new": {"form": "ADVERSE_EVENT"},
            "participant_form_draft": {"form": "ADVERSE_EVENT"},
            "infusion_step": {"step": "recheck"},
            "record": {"pk": self.record.pk},
            "event_paper": {"pk": self.record.pk},
            "record_entry": {"pk": self.record.pk},
            "record_draft": {"pk": self.record.pk},
            "record_set_aside": {"pk": self.record.pk},
            "record_draft_discard": {"pk": self.record.pk},
            "participant_form_draft_discard": {"form": "ADVERSE_EVENT"},
            "audit_entries": {"chain": f"participant:{self.participant.pk}", "first": 1, "last": 3},
            "session_end": {"key": "others"},
        }
        ordinary: dict[str, Any] = {
            "study": self.study.code,
            "pk": self.visit.pk,
            "number": 1,
            "form": "VITALS",
        }
        if row.route.startswith("kit"):
            ordinary["number"] = self.kit.number
        of_rating = {"rating", "draft", "draft_discard", "second_rating", "adjudication"}
        ordinary["code"] = "HAMD17" if row.route in of_rating else self.participant.code
        if row.route == "invitation":
            return dict(
                zip(("uid", "token"), invitation_of(User.objects.get(username="auditor")), strict=True)
            )
        wanted = patterns()[row.route].pattern.converters
        return {name: special.get(row.route, {}).get(name, ordinary.get(name)) for name in wanted}

    def address(self, row: Row) -> str:
        return reverse(row.route, kwargs=self.arguments(row))


def patterns() -> dict[str, URLPattern]:
    """Every address of the product by its name: each app's are included, without a prefix."""
    patterns: dict[str, URLPattern] = {}
    included = [app for app in get_resolver().url_patterns if isinstance(app, URLResolver)]
    assert len(included) == len(get_resolver().url_patterns), "an address stands outside the apps' urls.py"
    assert all(str(app.pattern) == "" for app in included), "an app's addresses have a prefix"
    for pattern in (pattern for app in included for pattern in app.url_patterns):
        assert isinstance(pattern, URLPattern), (
            f"{pattern}: a URLconf within an app's is not walked by this test"
        )
        assert pattern.name, f"{pattern}: an address without a name cannot be classified"
        assert pattern.name not in patterns, f"{pattern.name}: two addresses of one name"
        patterns[pattern.name] = pattern
    return patterns


def find() -> Places:
    """The records, made where the demo has none."""
    study = Study.objects.get(code="KETNAL")
    site = study.sites.get(code="01")
    people = {
        name: User.objects.get(username=name) for name in ("coordinator", "investigator", "datamanager")
    }
    locked = Lock.objects.get(study=study)
    query = Query.objects.filter(participant__site=site, check_id="").order_by("pk")[0]
    today = today_at(site)
    screening = services.screen(site, by=people["coordinator"], consented_on=today, age=44, sex="F")
    treatment = add_treatment(screening, by=people["coordinator"], name="Sertraline")
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
        rating_import=upload(
            study,
            by=people["datamanager"],
            file_name="ratings.csv",
            content=b"site,participant",
            enrols=False,
        ),
        feed=make_feed(study, by=people["coordinator"]),
        alert=_alert(study, people["coordinator"]),
        record=_record(query.participant, people["coordinator"]),
        absence=add_absence(
            site, by=people["coordinator"], first_on=today, last_on=today, reason="stocktaking"
        ),
        consent=add_consent_version(
            study, by=people["datamanager"], label="9.0", language="fi", dated_on=today
        ),
        reset=request_reset(
            people["investigator"],
            study,
            by=User.objects.get(username="admin"),
            kind="password",
            reason="forgot it",
        ),
        deviation=Deviation.objects.filter(participant__site=site, status="open").order_by("pk")[0],
        shipment=services.request_supply(site, 1, by=User.objects.get(username="pharmacist")),
        kit=Kit.objects.filter(site=site, state="on_hand", period=None).earliest("number"),
        wrong_kit=_wrong_kit(visit.period, people["coordinator"]),
        membership=Membership.objects.get(study=study, user__username="monitor"),
    )


def _events(participant: Participant) -> FormPlace:
    return next(place for place in places_of(participant) if place.form.code == "ADVERSE_EVENT")


def _wrong_kit(period: Period, by: User) -> WrongKit:
    with audit_context(by, reason="the box beside it was taken"):
        return WrongKit.objects.create(
            participant=period.participant,
            period=period,
            assigned="K-000001",
            given="K-000002",
            given_on=today_at(period.participant.site),
            happened="the box beside it was taken",
            recorded_by=by,
        )


def _record(participant: Participant, by: User) -> Record:
    """One more row of a form, after those of the demo, of a participant that is not locked."""
    place = _events(participant)
    with audit_context(by):
        return Record.objects.create(
            participant=participant,
            definition=place.definition,
            form="ADVERSE_EVENT",
            repeat_key=99,
            status="complete",
            items={"TERM": "Headache"},
            entered_by=by,
            form_token=uuid.uuid4(),
        )


def _alert(study: Study, by: User) -> SafetyAlert:
    """An open one, of a rating that is not locked."""
    rating = Assessment.objects.filter(participant__study=study, participant__site__code="01").latest("pk")
    with audit_context(by):
        return SafetyAlert.objects.create(
            participant=rating.participant,
            site=rating.participant.site,
            rating=rating,
            item="HAMD103",
            value=4,
            trigger="level",
        )
