"""The records of a demo, entered as the people of its sites enter them: by the services, one by one."""

import random
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from analysis.demo.records import events
from analysis.demo.records.casebooks import Casebook, casebooks_of
from analysis.demo.records.exceptions import OTHERWISE, TWICE, TYPED_WRONG, Where
from analysis.demo.records.filled import FilledForm, RatedVisit
from analysis.demo.records.visits import forms_of
from assessments.entry.codec import RecordEntry, read_fields
from assessments.entry.selectors import FormPlace, definitions_of, form_of
from assessments.entry.services import correct_record, save_record, strike_out_record
from assessments.models import FormVersion, Record
from assessments.models.record import TREATMENTS
from enrollment.models import Participant, Visit
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Membership, Role, Study, User
from trialsite.accounts.policy import one_request


def record_forms(study: Study) -> None:
    """Every form of everybody who was screened: those of visits by the coordinators, the others by the investigators, and
    the raters' guesses."""
    protocol = study.protocols.latest()
    staff = _staff(study)
    definitions: dict[str, FormVersion] = {}
    for casebook in casebooks_of(study, protocol):
        participant = casebook.participant
        definitions = definitions or definitions_of(participant)
        for role, filled in _filled(casebook).items():
            by = staff[participant.site_id, role]
            # Roles and the context of the saves, once for all of them.
            with (
                one_request(),
                authorised_change(by, "assessment.enter", study, participant.site, reason="entered"),
            ):
                _Recorder(casebook, definitions, by).record(filled)


def _staff(study: Study) -> dict[tuple[int | None, str], User]:
    granted = Membership.objects.filter(study=study, site__isnull=False).select_related("user")
    return {(membership.site_id, membership.role): membership.user for membership in granted}


Filled = list[tuple[Visit | None, RatedVisit | None, FilledForm]]


def _filled(casebook: Casebook) -> dict[str, Filled]:
    """By who enters it."""
    profile, participant = casebook.profile, casebook.participant
    last = max((rated.day for _visit, rated in casebook.visits), default=None)
    completed_on = last if participant.status == Participant.Status.COMPLETED else None
    left_on = participant.left_on if participant.status == Participant.Status.WITHDRAWN else None
    failed = [record.items["NAME"] for record in participant.records.filter(form=TREATMENTS)]
    of_participant = [
        *events.history(profile),
        *events.medication(profile, failed, casebook.infusions),
        *events.adverse_events(profile, casebook.infusions),
        *events.deviations(profile, casebook.infusions),
        *events.end_of_study(completed_on, left_on),
    ]
    at_visits: Filled = [
        (visit, rated, filled) for visit, rated in casebook.visits for filled in forms_of(profile, rated)
    ]
    # Whoever asks the participant for a guess is not the rater who makes one.
    of_raters = [place for place in at_visits if place[2].form == "GUESS_RATER"]
    return {
        Role.COORDINATOR: [place for place in at_visits if place not in of_raters],
        Role.INVESTIGATOR: [*of_raters, *((None, None, filled) for filled in of_participant)],
    }


class _Recorder:
    """Types what is filled in for one participant, as one user."""

    def __init__(self, casebook: Casebook, definitions: Mapping[str, FormVersion], by: User) -> None:
        self.participant, self.definitions, self.by = casebook.participant, definitions, by
        self.zone = ZoneInfo(self.participant.site.timezone)
        self.rows: Counter[tuple[str, int | None, str]] = Counter()
        # Of the tokens of pages: the same in every demo.
        self.rng = random.Random(f"{self.participant.code} {by.username}")  # noqa: S311 - invented data

    def record(self, filled: Filled) -> None:
        for visit, rated, form in filled:
            self._record(visit, rated, form)

    def _record(self, visit: Visit | None, rated: RatedVisit | None, filled: FilledForm) -> None:
        place = self._place(visit, filled.form)
        where = self._where(rated, filled.form)
        if where in OTHERWISE:
            filled = OTHERWISE[where].in_place_of(filled)
        entry = self._entry(place, rated, filled)
        if where not in TYPED_WRONG:
            self._save(place, entry)
        else:
            answers, reason = TYPED_WRONG[where]
            mistaken = replace(filled, answers={**filled.answers, **answers})
            saved = self._save(place, self._entry(place, rated, mistaken))
            correct_record(saved, place, entry, by=self.by, version=saved.version, reason=reason)
        if where in TWICE:
            again = self._save(place, entry)
            strike_out_record(again, place, by=self.by, version=again.version, reason=TWICE[where])

    def _place(self, visit: Visit | None, form: str) -> FormPlace:
        definition = self.definitions[form]
        return FormPlace(self.participant, visit, definition, form_of(definition))

    def _where(self, rated: RatedVisit | None, form: str) -> Where:
        """Counts the rows of a form at a visit."""
        code, period = (rated.code, rated.period) if rated else ("", None)
        self.rows[code, period, form] += 1
        return self.participant.code, period, code, form, self.rows[code, period, form]

    def _entry(self, place: FormPlace, rated: RatedVisit | None, filled: FilledForm) -> RecordEntry:
        fields = {
            **{f"item_{item}": text for item, text in filled.answers.items()},
            **{f"missing_{item}": reason for item, reason in filled.missing.items()},
            **{f"comment_{item}__{check}": text for (item, check), text in filled.comments.items()},
            "not_done_reason": filled.not_done,
            "performed_on": rated.day.isoformat() if rated else "",
        }
        typed = read_fields(place.form, fields, self.zone)
        if typed.unreadable:
            raise ValueError(f"{self.participant.code} {filled.form}: {typed.unreadable}")
        return typed.entry

    def _save(self, place: FormPlace, entry: RecordEntry) -> Record:
        token = uuid.UUID(int=self.rng.getrandbits(128), version=4)
        return save_record(place, entry, by=self.by, form_token=token)
