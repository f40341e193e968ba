"""Importing in the browser: uploaded, previewed, confirmed with a reason, carried out by a worker, all of it or nothing."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError, connection
from django.test import Client, override_settings
from django.urls import reverse

from assessments.importing.services import cancel, confirm, process, upload
from assessments.models import Assessment, RatingImport
from assessments.tasks import imports
from enrollment.models import Participant
from tests.access.conftest import signed_in
from tests.assessments.importing import HEADER, counts, invented, run, saved_totals
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Study, User
from trialsite.audit.models import Event, Outbox
from trialsite.stack import testing

FILE = f"{HEADER}\nA,P1,1,BL,2024-01-08,HAMD17,26\nA,P1,1,WK2,2024-01-22,HAMD17,20\nB,P2,1,BL,2024-01-09,HAMD17,24\n"
# A worker that waits for its turn, on this database.
WAITING = """from pg_locks l join pg_database d on d.oid = l.database
where d.datname = current_database() and locktype = 'advisory' and not granted"""


def _manager(study: Study) -> User:
    """A data manager of all sites."""
    system = User.objects.system()
    with audit_context(system, reason="test"):
        user = User(username="dm", printed_name="The manager")
        user.set_unusable_password()
        user.save()
        Membership.objects.create(user=user, study=study, role="datamanager", granted_by=system)
    return user


@pytest.fixture
def aspen(db: None) -> Study:
    return invented()


@pytest.fixture
def manager(aspen: Study) -> User:
    return _manager(aspen)


@pytest.fixture
def client(manager: User) -> Client:
    return signed_in(manager)


Send = Callable[..., Any]


@pytest.fixture
def send(client: Client, aspen: Study) -> Send:
    """send(content, enrols=True) → the answer to an upload."""

    def go(content: str | bytes, name: str = "ratings.csv", **more: Any) -> Any:
        file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
        return client.post(reverse("imports", args=[aspen.code]), {"file": file, **more})

    return go


def _page(client: Client, made: RatingImport) -> str:
    return client.get(reverse("import", args=[made.study.code, made.pk])).content.decode()


def _post(client: Client, made: RatingImport, what: str, **data: str) -> Any:
    return client.post(reverse(f"import_{what}", args=[made.study.code, made.pk]), data)


@pytest.mark.requirement("IMP-01")
def test_upload_preview_reason_result(send: Send, client: Client, aspen: Study) -> None:
    """Nothing is saved before somebody has read the preview and given a reason; then all of it is, in their name."""
    before = counts(aspen)[:3]
    assert send(FILE, enrols="on").status_code == 302
    made = RatingImport.objects.get()
    imports()
    assert counts(aspen)[:3] == before
    made.refresh_from_db()
    assert (made.status, made.counts["new"], made.counts["people"]) == ("checked", 3, 2)
    assert "Import all ratings" in _page(client, made)
    refused = _post(client, made, "confirm", basis=made.basis, reason=" ")
    assert refused.status_code == 422
    assert "Give the reason; it is kept in the audit trail." in refused.content.decode()
    assert _post(client, made, "confirm", basis=made.basis, reason="sent by the site").status_code == 302
    imports()
    made.refresh_from_db()
    assert made.status == "imported"
    assert saved_totals(aspen)["P1", "WK2"] == (20, "2024-01-22")
    entry = Event.objects.filter(table_name="assessments_assessment").latest("at")
    assert entry.reason == f"sent by the site (file SHA-256 {made.sha256[:16]})"
    assert entry.actor == made.uploaded_by_id
    assert Outbox.objects.filter(kind="recompute").exists()


def test_the_preview_shows_each_change_before_and_after(send: Send, client: Client, aspen: Study) -> None:
    send(FILE, enrols="on")
    made = RatingImport.objects.get()
    imports()
    made.refresh_from_db()
    _post(client, made, "confirm", basis=made.basis, reason="first")
    imports()
    send(FILE.replace("HAMD17,20", "HAMD17,21"))
    imports()
    page = _page(client, RatingImport.objects.latest("pk"))
    assert "total: 20 → 21" in page
    send(FILE)
    imports()
    again = RatingImport.objects.latest("pk")
    assert "Checked: no changes" in _page(client, again)
    assert "Import all ratings" not in _page(client, again)


@pytest.mark.requirement("IMP-01")
def test_a_file_with_a_problem_cannot_be_confirmed(send: Send, client: Client, aspen: Study) -> None:
    """Line, column, value and reason are shown; a form sent all the same imports nothing."""
    before = counts(aspen)[:3]
    send(FILE.replace("HAMD17,20", "HAMD17,2x"), enrols="on")
    imports()
    made = RatingImport.objects.get()
    page = " ".join(_page(client, made).split())
    assert "<td>3</td> <td>total</td> <td>2x</td> <td>not a whole number" in page
    assert "Import all ratings" not in page
    _post(client, made, "confirm", basis=made.basis, reason="all the same")
    imports()
    made.refresh_from_db()
    assert made.status == "checked"
    assert counts(aspen)[:3] == before


def test_the_command_line_says_the_same(send: Send, aspen: Study, tmp_path: Path) -> None:
    """One code: counts and problems are those of the dry run."""
    content = FILE.replace("2024-01-22", "22.01.2024").replace("BL,2024-01-09", "BX,2024-01-09")
    send(content, enrols="on")
    imports()
    problems = RatingImport.objects.get().file.problems
    file = tmp_path / "ratings.csv"
    file.write_text(content)
    said = run(file, aspen.code, "--create-participants", "--dry-run").problems
    assert said == [
        f"line {line}, column {column}, value {value!r}: {why}" for line, column, value, why in problems
    ]
    assert len(said) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 workbook", "a workbook or an archive, not CSV"),
        (b"\xff\xfea\x00", "UTF-16, not UTF-8"),
        (b"", "The file is empty."),
        (b"site,\xe9\n", "not UTF-8"),
        (b"x" * 2001, "can be imported here"),
    ],
    ids=["workbook", "utf-16", "empty", "latin-1", "too large"],
)
@override_settings(IMPORT_MAX_BYTES=2000)
def test_what_is_no_such_file_is_refused_at_the_field(send: Send, content: bytes, words: str) -> None:
    """Whatever it is called; nothing of it is kept."""
    answer = send(content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not RatingImport.objects.exists()


@override_settings(IMPORT_MAX_BYTES=1000)
def test_no_more_of_a_large_file_is_kept_than_may_be_imported(rf: Any) -> None:
    """Wherever it is sent: it cannot fill the disk."""
    sent = rf.post("/login/", {"any": SimpleUploadedFile("large.csv", b"x" * 200_000)}).FILES["any"]
    assert sent.size == 200_000
    assert len(sent.read()) == 1000


@pytest.mark.django_db
def test_a_study_that_randomises_offers_to_enrol_nobody(study: Study) -> None:
    manager = _manager(study)
    page = signed_in(manager).get(reverse("imports", args=[study.code])).content.decode()
    assert "Enrol participants" not in page
    made = upload(study, by=manager, file_name="x.csv", content=FILE.encode(), enrols=True)
    process([made.pk])
    assert made.file.problems == []
    made.file.refresh_from_db()
    assert "screen and randomise them first" in str(made.file.problems)


def test_another_preview_than_the_one_that_was_read_is_not_confirmed(send: Send, client: Client) -> None:
    send(FILE, enrols="on")
    imports()
    made = RatingImport.objects.get()
    answer = client.post(
        reverse("import_confirm", args=[made.study.code, made.pk]),
        {"basis": "earlier", "reason": "so"},
        follow=True,
    )
    assert "has progressed since you opened the page" in answer.content.decode()
    made.refresh_from_db()
    assert made.status == "checked"


def test_data_saved_since_the_check_stop_the_import(send: Send, client: Client, tmp_path: Path) -> None:
    """It is refused as a whole, and can be checked again."""
    send(FILE, enrols="on")
    imports()
    made = RatingImport.objects.get()
    file = tmp_path / "meanwhile.csv"
    file.write_text(f"{HEADER}\nA,P1,1,BL,2024-01-08,HAMD17,25\n")
    assert run(file, made.study.code, "--create-participants").error == ""
    _post(client, made, "confirm", basis=made.basis, reason="so")
    imports()
    made.refresh_from_db()
    assert made.status == "refused"
    assert not Participant.objects.filter(study=made.study, code="P2").exists()
    assert "Data of this study have been saved since" in _page(client, made)
    _post(client, made, "again")
    imports()
    made.refresh_from_db()
    assert (made.status, made.counts["changed"]) == ("checked", 1)


def test_who_lost_the_role_since_imports_nothing(send: Send, client: Client, manager: User) -> None:
    send(FILE, enrols="on")
    imports()
    made = RatingImport.objects.get()
    confirm(made, by=manager, basis=made.basis, reason="so")
    with audit_context(User.objects.system(), reason="left"):
        Membership.objects.filter(user=manager).update(
            ends_at="2026-01-01T00:00Z", starts_at="2025-01-01T00:00Z"
        )
    imports()
    made.refresh_from_db()
    assert (made.status, Assessment.objects.filter(participant__study=made.study).count()) == ("refused", 0)


def test_a_cancelled_import_forgets_its_file(send: Send, client: Client) -> None:
    send(FILE, enrols="on")
    made = RatingImport.objects.get()
    _post(client, made, "cancel")
    imports()
    made.refresh_from_db()
    assert (made.status, bytes(made.file.content)) == ("cancelled", b"")
    answer = client.post(reverse("import_cancel", args=[made.study.code, made.pk]), follow=True)
    assert "Too late to cancel" in answer.content.decode()


class _Held:
    """A confirmed import whose worker waits in the middle, for the lock that two imports of a study take turns by."""

    def __init__(self, database: str) -> None:
        self.study = invented()
        self.manager = _manager(self.study)
        self.made = upload(
            self.study, by=self.manager, file_name="ratings.csv", content=FILE.encode(), enrols=True
        )
        imports()
        self.made.refresh_from_db()
        confirm(self.made, by=self.manager, basis=self.made.basis, reason="sent by the site")
        self.other = psycopg2.connect(testing.url("setup", database))
        self.other.autocommit = True
        self._ask("select pg_advisory_lock(hashtext('assessments.import'), %s)", self.study.pk)
        self.errors: list[Exception] = []
        self.worker = threading.Thread(target=self._work)
        self.worker.start()
        while not self._ask(f"select pid {WAITING}"):
            pass

    def _work(self) -> None:
        try:
            imports()
        except (OperationalError, InterfaceError) as error:
            self.errors.append(error)
        finally:
            connection.close()

    def _ask(self, statement: str, *values: object) -> list[Any]:
        with self.other.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def kill(self) -> None:
        self._ask(f"select pg_terminate_backend(pid) {WAITING}")

    def go_on(self) -> str:
        """Let the worker work, and wait for it. The state of the import then."""
        self.other.close()
        self.worker.join()
        self.made.refresh_from_db()
        return self.made.status


def test_cancelled_while_it_is_being_imported_nothing_is(committed: str) -> None:
    """The worker sees it before it commits."""
    held = _Held(committed)
    cancel(held.made, by=held.manager)
    assert held.go_on() == "cancelled"
    assert held.errors == []
    assert not Participant.objects.filter(study=held.study).exists()
    assert not Outbox.objects.filter(kind="import").exists()


def test_what_a_killed_worker_began_is_done_once_by_the_next(committed: str) -> None:
    held = _Held(committed)
    held.kill()
    assert held.go_on() == "confirmed"
    assert held.errors
    assert not Participant.objects.filter(study=held.study).exists()
    assert Outbox.objects.filter(kind="import").count() == 1
    imports()
    imports()
    held.made.refresh_from_db()
    assert held.made.status == "imported"
    assert Assessment.objects.filter(participant__study=held.study).count() == 3
