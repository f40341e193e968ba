"""Criteria name items of forms: eligibility hears of a record in the transaction that saves it, and the page of the form
says what it makes of it."""

import io
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from assessments.domain.form_file import FOLDER, FormError
from assessments.domain.values import Value
from assessments.entry.codec import RecordEntry
from assessments.entry.loading import load_trial
from assessments.entry.selectors import values_of
from assessments.entry.services import correct_record
from assessments.models import Record
from enrollment import services
from enrollment.models import Participant
from enrollment.selectors import facts_of
from tests.assessments.loaded import file_text
from tests.conftest import MakeUser, decide
from tests.treatments import FORM, add_treatment, strike_out, treatment_of, treatments_at
from trialsite.accounts.models import Study, User

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]


def criterion(source: str | None) -> dict[str, object]:
    """The protocol's own on failed treatments, with another value or none."""
    protocol = tomllib.loads(
        (Path(services.__file__).parents[1] / "protocols/ketamine_naltrexone.toml").read_text()
    )
    [own] = [row for row in protocol["criteria"] if row["fact"] == "failed_treatments"]
    del own["value"]
    return {**protocol, "version": "9.7", "criteria": [
        row | ({"value": source} if row is own and source is not None else {}) for row in protocol["criteria"]
    ]}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "criteria.I04.value: found nothing, expected what is counted, such as 'FAILED_TREATMENT.filter("),
        ("FAILED_TREATMENT.exists(t, t.FAILED)", "expected a number"),
        ("FAILED_TREATMENT.filter(t, t.FAILD).size()", "expected an item of the row; did you mean 'FAILED'?"),
        ("FAILED_TREATMENTS.filter(t, t.FAILED).size()", "expected a form; did you mean 'FAILED_TREATMENT'?"),
        ("1 +", "which ends too early"),
    ],
)  # fmt: skip
def test_what_a_criterion_names_is_checked_when_the_protocol_is_loaded(
    study: Study, source: str | None, said: str
) -> None:
    with pytest.raises(FormError) as refusal:
        load_trial(file_text(criterion(source)), by=User.objects.system(), folder=FOLDER)
    assert said in str(refusal.value)


def test_a_criterion_may_count_otherwise(study: Study) -> None:
    """Such as adequate courses of the current episode, as the registry has it."""
    source = "size(FAILED_TREATMENT.filter(t, t.FAILED && t.ADEQUATE && t.CURRENT_EPISODE && t.WEEKS >= 8))"
    version, new = load_trial(file_text(criterion(source)), by=User.objects.system(), folder=FOLDER)
    assert (version.version, new) == ("9.7", True)


@pytest.mark.requirement("ELG-01")
def test_a_change_of_a_row_is_heard_and_undoes_the_decision(
    screened: Participant, coordinator: User, investigator: User
) -> None:
    """Who was confirmed eligible by four, and of whom three count by now, goes back to screening."""
    decide(screened, by=investigator)
    row = treatment_of(screened, "Bupropion")
    place = treatments_at(screened)
    values: dict[str, Value] = {**_values(row), "OUTCOME": "HELPED"}
    correct_record(row, place, RecordEntry(values), by=coordinator, version=1, reason="the letter says so")
    screened.refresh_from_db()
    fact = screened.facts.get(name="failed_treatments")
    assert (facts_of(screened)["failed_treatments"], fact.source) == (3, f"form {FORM}")
    assert screened.status == Participant.Status.SCREENING
    add_treatment(screened, by=coordinator, name="Lithium")
    assert facts_of(screened)["failed_treatments"] == 4


def _values(row: Record) -> dict[str, Value]:
    return {code: value for code, value in values_of(row).items() if code not in ("FAILED", "SUBSTANCE")}


def test_the_page_of_the_form_tells_the_verdict_and_takes_the_declaration(
    screened: Participant, coordinator: User, make_user: MakeUser, as_user: AsUser
) -> None:
    url = f"/studies/KETNAL/participants/{screened.code}/"
    page = as_user(coordinator).get(f"{url}forms/{FORM}/").content.decode()
    assert "Eligible: all 13 criteria are met" in page
    assert "Failed treatments 4" in page
    assert "The list is confirmed complete." in page
    assert f"{url}treatments/complete/" in page
    strike_out(treatment_of(screened, "Bupropion"), by=coordinator, reason="another patient's")
    page = as_user(coordinator).get(f"{url}forms/{FORM}/").content.decode()
    assert "Not eligible: Failed treatments 3, needs at least 4" in page
    page = as_user(make_user("monitor")).get(f"{url}forms/{FORM}/").content.decode()
    assert "The list is confirmed complete." in page
    assert f"{url}treatments/complete/" not in page


def test_the_participants_page_leads_to_the_form(
    screened: Participant, coordinator: User, as_user: AsUser
) -> None:
    services.declare_treatments(screened, by=coordinator, complete=False, reason="a letter is to come")
    url = f"/studies/KETNAL/participants/{screened.code}/"
    page = as_user(coordinator).get(url).content.decode()
    assert re.search(rf'btn-primary" href="{url}forms/{FORM}/">Prior treatments of depression', page)


def test_rows_from_a_file_are_heard_like_rows_of_the_page(
    screened: Participant, coordinator: User, tmp_path: Path
) -> None:
    file = tmp_path / "form_failed_treatment.csv"
    file.write_text(
        "participant,status,KIND,SESSIONS,WEEKS,CURRENT_EPISODE,ADEQUATE,OUTCOME\n"
        f"{screened.code},complete,ECT,12,4,Y,Y,NONE\n"
    )
    words = [
        str(file),
        "--study",
        "KETNAL",
        "--form",
        FORM,
        "--by",
        coordinator.username,
        "--reason",
        "a letter",
    ]
    call_command("import_records", *words, stdout=io.StringIO())
    assert facts_of(screened)["failed_treatments"] == 5
