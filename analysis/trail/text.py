"""Each entry in words, by its table. One without words here is called by the names of its model and fields."""

from collections.abc import Mapping

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from analysis.trail import of_deviations, of_participants, of_records, of_review, of_studies
from analysis.trail.description import Describe, Description, of_columns, of_row
from analysis.trail.names import MODELS, Names
from analysis.trail.values import lines
from trialsite.audit.models import Event

DESCRIPTIONS: Mapping[str, Describe] = {
    "enrollment_participant": of_participants.participant,
    "enrollment_fact": of_participants.fact,
    "enrollment_eligibilitydecision": of_participants.decision,
    "enrollment_period": of_participants.period,
    "enrollment_visit": of_participants.visit,
    "assessments_assessment": of_participants.rating,
    "assessments_record": of_records.record,
    "assessments_safetyalert": of_review.alert,
    "assessments_deviation": of_deviations.deviation,
    "assessments_deviationturn": of_deviations.turn,
    "review_query": of_review.query,
    "review_querymessage": of_review.message,
    "review_verification": of_review.verification,
    "review_signature": of_review.signature,
    "review_lock": of_review.lock,
    "review_unlockrequest": of_review.unlocking,
    "accounts_user": of_studies.account,
    "accounts_membership": of_studies.role,
    "accounts_access": of_studies.access,
    "analysis_look": of_studies.look,
    # Rank, then what somebody did who made one, who changed one, and what it is called.
    "enrollment_protocolversion": of_columns(
        5, "loaded protocol %(version)s", "changed protocol %(version)s", "protocol %(version)s"
    ),
    "assessments_formversion": of_columns(
        6,
        "loaded the form %(code)s %(version)s",
        "changed the form %(code)s %(version)s",
        "form %(code)s %(version)s",
    ),
    "enrollment_enrollmentpause": of_columns(5, "paused enrolment", "resumed enrolment", "enrolment"),
    "enrollment_sitehours": of_columns(
        20, "kept the days of a site", "changed the days of a site", "days of a site"
    ),
    "enrollment_consentversion": of_columns(
        5,
        "entered consent version %(label)s",
        "corrected consent version %(label)s",
        "consent version %(label)s",
    ),
    "enrollment_consentapproval": of_columns(
        6,
        "entered the approval of a consent version at a site",
        "corrected the approval of a consent version at a site",
        "approval of a consent version",
    ),
    "enrollment_absence": of_columns(20, "entered an absence", "removed an absence", "absence"),
    "enrollment_shipment": of_columns(
        12, "sent %(sets)s sets of kits", "recorded a shipment of kits", "shipment of kits"
    ),
    "enrollment_kit": of_columns(23, "numbered kit %(number)s", "recorded kit %(number)s", "kit %(number)s"),
    "enrollment_wrongkit": of_columns(
        1,
        "recorded that kit %(given)s was given, not %(assigned)s",
        "recorded what was done about kit %(given)s given, not %(assigned)s",
        "kit %(given)s given, not %(assigned)s",
    ),
    "enrollment_calendarfeed": of_columns(
        20, "created a calendar address", "ended a calendar address", "calendar address"
    ),
    "accounts_username": of_columns(
        40, "reserved the username %(name)s", "changed the username %(name)s", "username %(name)s"
    ),
    "accounts_authenticator": of_columns(
        20, "set up a second factor", "changed a second factor", "second factor"
    ),
    "accounts_study": of_columns(
        5, "set up the study %(code)s", "changed the study %(code)s", "study %(code)s"
    ),
    "accounts_site": of_columns(
        5, "added the site %(code)s %(name)s", "changed the site %(code)s %(name)s", "site %(code)s %(name)s"
    ),
    "assessments_wording": of_columns(
        5,
        "loaded the wording of an instrument",
        "changed the wording of an instrument",
        "wording of an instrument",
    ),
    "audit_auditreview": of_columns(
        5, "reviewed the audit trail", "changed a review of the audit trail", "review of the audit trail"
    ),
    "assessments_ratingimport": of_columns(
        5,
        "uploaded %(file_name)s to import",
        "continued the import of %(file_name)s",
        "import of %(file_name)s",
    ),
    "analysis_export": of_columns(5, "exported the data", "finished an export of the data", "export"),
    "analysis_ruleadoption": of_columns(
        5, "adopted outcome rules %(rule_version)s", "changed outcome rules", "outcome rules"
    ),
}


def describe(entry: Event, names: Names) -> Description:
    in_words = tuple(lines(entry, names))
    model = MODELS.get(entry.table_name)
    noun = str(model._meta.verbose_name) if model else _("settings of the database")
    if entry.op == "M":
        return of_row(0, entry, _("changed %(what)s") % {"what": noun}, noun, in_words)
    if (of_table := DESCRIPTIONS.get(entry.table_name)) is not None:
        row = {**names.row(entry.table_name, entry.row_pk), **(entry.new or {})}
        return of_table(entry, row, in_words, names)
    verb = _("recorded %(what)s") if entry.op == "I" else _("changed %(what)s")
    return of_row(50, entry, verb % {"what": noun}, capfirst(noun), in_words)
