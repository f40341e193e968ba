"""The tables of this app; Django finds them here."""

from assessments.models.deviation import Deviation, DeviationTurn
from assessments.models.infusion import DoseCheck, StepSave
from assessments.models.rating import Assessment, Draft, ImportFile, RatingImport
from assessments.models.record import FormVersion, Record, RecordDraft
from assessments.models.safety import SafetyAlert, SafetyAlertQuerySet
from assessments.models.second import SecondRating
from assessments.models.wording import Wording

__all__ = [
    "Assessment",
    "Deviation",
    "DeviationTurn",
    "DoseCheck",
    "Draft",
    "FormVersion",
    "ImportFile",
    "RatingImport",
    "Record",
    "RecordDraft",
    "SafetyAlert",
    "SafetyAlertQuerySet",
    "SecondRating",
    "StepSave",
    "Wording",
]
