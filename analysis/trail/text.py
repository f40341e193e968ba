"""Each entry in words, by its table. One without words here is called by the names of its model and fields."""

from collections.abc import Mapping

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from analysis.trail import of_participants, of_review, of_studies
from analysis.trail.names import MODELS, Names
from analysis.trail.telling import Teller, Telling, of_columns, of_row
from analysis.trail.values import lines
from trialsite.audit.models import Event

TELLERS: Mapping[str, Teller] = {
    "enrollment_participant": of_participants.participant,
    "enrollment_failedtreatment": of_participants.treatment,
    "enrollment_fact": of_participants.fact,
    "enrollment_eligibilitydecision": of_participants.decision,
    "enrollment_period": of_participants.period,
    "enrollment_visit": of_participants.visit,
    "assessments_assessment": of_participants.rating,
    "assessments_safetyalert": of_review.alert,
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
    "enrollment_enrollmentpause": of_columns(5, "paused enrolment", "resumed enrolment", "enrolment"),
    "enrollment_calendarfeed": of_columns(
        20, "made a calendar address", "ended a calendar address", "calendar address"
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
    "audit_auditreview": of_columns(
        5, "reviewed the audit trail", "changed a review of the audit trail", "review of the audit trail"
    ),
    "analysis_export": of_columns(5, "exported the data", "finished an export of the data", "export"),
    "analysis_ruleadoption": of_columns(
        5, "adopted outcome rules %(rule_version)s", "changed outcome rules", "outcome rules"
    ),
}


def tell(entry: Event, names: Names) -> Telling:
    found = tuple(lines(entry, names))
    model = MODELS.get(entry.table_name)
    noun = str(model._meta.verbose_name) if model else _("settings of the database")
    if entry.op == "M":
        return of_row(0, entry, _("changed %(what)s") % {"what": noun}, noun, found)
    if (teller := TELLERS.get(entry.table_name)) is not None:
        row = {**names.row(entry.table_name, entry.row_pk), **(entry.new or {})}
        return teller(entry, row, found, names)
    verb = _("recorded %(what)s") if entry.op == "I" else _("changed %(what)s")
    return of_row(50, entry, verb % {"what": noun}, capfirst(noun), found)
