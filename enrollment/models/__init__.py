"""Participants from screening to completion: what they are due, what was decided, and when."""

from enrollment.models.availability import Absence, SiteHours
from enrollment.models.calendar import CalendarFeed
from enrollment.models.consent import ConsentApproval, ConsentVersion
from enrollment.models.participant import Participant, ParticipantQuerySet
from enrollment.models.pause import EnrollmentPause, halted_before
from enrollment.models.protocol import ProtocolVersion
from enrollment.models.schedule import Period, Visit, VisitQuerySet
from enrollment.models.screening import EligibilityDecision, ScreeningDraft, ScreeningFact
from enrollment.models.supply import Kit, Shipment, WrongKit

__all__ = [
    "Absence",
    "CalendarFeed",
    "ConsentApproval",
    "ConsentVersion",
    "EligibilityDecision",
    "EnrollmentPause",
    "Kit",
    "Participant",
    "ParticipantQuerySet",
    "Period",
    "ProtocolVersion",
    "ScreeningDraft",
    "ScreeningFact",
    "Shipment",
    "SiteHours",
    "Visit",
    "VisitQuerySet",
    "WrongKit",
    "halted_before",
]
