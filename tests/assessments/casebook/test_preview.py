"""A form file before it is loaded: its mistakes, or the form as it would be entered, and nothing is kept."""

import json
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.domain.form_file import FOLDER
from assessments.models import FormVersion, Record, RecordDraft
from tests.conftest import MakeUser
from tests.domain.assessments.forms.documents import never_seen
from trialsite.accounts.models import Study, User

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
URINE = (FOLDER / "urine_screen.toml").read_text()


@pytest.fixture
def manager(make_user: MakeUser, as_user: SignIn) -> Client:
    return as_user(make_user("datamanager"))


def address(live: str = "") -> str:
    return reverse(f"form_preview{live}", args=["KETNAL"])


def file(text: str, name: str = "form.toml") -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile(name, text.encode())}


def toml(value: object) -> str:
    """A value of a document as TOML, tables in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def test_every_mistake_is_said_with_its_key(manager: Client) -> None:
    wrong = URINE.replace('type = "datetime"', 'type = "datetim"').replace(
        "DRUGS == 'POSITIVE'", "DRUG == 'POSITIVE'", 1
    )
    answer = manager.post(address(), file(wrong))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 mistakes: the file cannot be loaded" in page
    assert "<code>items.TIME.type</code>" in page
    assert "<code>items.POSITIVE_FOR.show_when</code>" in page


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("form.csv", b"code = 1", "name ends with .toml"),
        ("form.toml", b"\xff\xfe\x00", "no text in UTF-8"),
        ("form.toml", b"#" * 600_000, "at most 131,072 characters"),
        ("form.toml", b"", "The file is empty"),
    ],
)
def test_a_file_that_can_be_no_form_is_refused_at_its_field(
    manager: Client, name: str, content: bytes, message: str
) -> None:
    answer = manager.post(address(), {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422
    assert message in answer.content.decode()


def test_a_right_file_is_shown_as_it_would_be_entered_and_nothing_is_kept(manager: Client) -> None:
    kept = [list(model.objects.values()) for model in (FormVersion, Record, RecordDraft)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = manager.post(address(), file(URINE))
        live = manager.post(address("_live"), {"form_source": URINE, "item_DRUGS": "POSITIVE"})
        sent = manager.post(address(), {"form_source": URINE, "item_DRUGS": "POSITIVE", "item_TIME": "soon"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="item_OPIOIDS"' in page
    assert f'data-draft-url="{address("_live")}"' in page
    assert "POSITIVE_FOR" in live.json()["shown"]
    assert "EXPLANATION" in live.json()["required"]
    assert "Give a value, or say why there is none." in sent.content.decode()
    assert 'value="soon"' in sent.content.decode()
    writes = [
        query["sql"]
        for query in queries
        if query["sql"].lstrip('"').upper().startswith(("INSERT", "UPDATE", "DELETE"))
    ]
    assert not [sql for sql in writes if "assessments_" in sql or "enrollment_" in sql]
    assert kept == [list(model.objects.values()) for model in (FormVersion, Record, RecordDraft)]


def test_what_would_be_saved_is_said(manager: Client) -> None:
    typed = {"form_source": URINE, "item_TIME": "9 Mar 2026 10:00", "item_OPIOIDS": "NEGATIVE",
             "item_DRUGS": "NEGATIVE", "item_PREGNANCY_POSSIBLE": "no"}  # fmt: skip
    assert "This would be saved." in manager.post(address(), typed).content.decode()


def test_a_form_never_seen_is_shown(manager: Client) -> None:
    document = never_seen()
    # One of its checks names a form that this study has not.
    document["checks"] = [check for check in document["checks"] if check["id"] != "OTHER"]
    text = "\n".join(f"{key} = {toml(value)}" for key, value in document.items())
    answer = manager.post(address(), file(text))
    assert answer.status_code == 200, answer.content.decode()
    assert answer.content.decode().count('data-item="') == 60


def test_the_file_comes_back_as_text_whatever_it_holds(manager: Client) -> None:
    tricky = URINE + "\n# </textarea><script>alert(1)</script>\n"
    page = manager.post(address(), file(tricky)).content.decode()
    assert "<script>alert(1)" not in page


def test_a_loaded_form_is_looked_at_by_everybody_of_the_study(
    study: Study, coordinator: User, as_user: SignIn
) -> None:
    client = as_user(coordinator)
    vitals = FormVersion.objects.get(study=study, code="VITALS")
    page = client.get(reverse("form_shown", args=[study.code, vitals.pk])).content.decode()
    assert "Nothing that is typed here is kept." in page
    live = client.post(reverse("form_shown_live", args=[study.code, vitals.pk]), {"item_SYSBP": "500"})
    assert "item_SYSBP" in live.json()["errors"]
    assert client.get(address()).status_code == 403
