"""The second factor: who must have one, setting it up, signing in with it, losing the telephone."""

import base64
import re

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP, hotp

from tests.accounts.conftest import SignInByForm, Telephone, make_telephone
from tests.accounts.test_access import kinds
from tests.conftest import PASSWORD, MakeUser
from trialsite.accounts import secondfactor
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Authenticator, RecoveryCode, Role, Session, User
from trialsite.accounts.policy import POLICY, STRONG
from trialsite.audit.models import Event

pytestmark = pytest.mark.django_db
TODAY = "/studies/KETNAL/"
SET_UP = "/account/second-factor/"
NEEDS = {"investigator", "datamanager", "pharmacist", "statistician", "safety", "admin"}


def inside(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.mark.requirement("ACC-06")
@pytest.mark.parametrize("role", Role.values)
def test_who_must_have_one_follows_from_the_policy(role: str, required: None, make_user: MakeUser) -> None:
    """Whoever signs, exports, administers, or may learn who got what."""
    assert secondfactor.must_have(make_user(role)) is (role in NEEDS)
    assert (role in NEEDS) is any(Role(role) in POLICY[action] for action in STRONG)


def test_what_needs_it_is_in_the_policy() -> None:
    assert set(POLICY) >= STRONG


@pytest.mark.requirement("ACC-06")
def test_before_anything_else_it_is_set_up(required: None, investigator: User, by_form: SignInByForm) -> None:
    """Every page leads there, fragments too; signing out stays possible."""
    client = by_form(investigator)
    for address in (TODAY, "/account/", "/studies/KETNAL/participants/", "/"):
        assert client.get(address)["Location"] == SET_UP
    assert client.get(TODAY, headers={"HX-Request": "true"})["HX-Redirect"] == SET_UP
    assert client.post("/account/password/", {}).status_code == 302
    assert client.get("/healthz").status_code == 200
    assert client.post("/logout/")["Location"] == "/login/"


def test_who_need_not_is_let_through(required: None, coordinator: User, by_form: SignInByForm) -> None:
    assert inside(by_form(coordinator))


def set_up(client: Client, password: str = PASSWORD, **more: str) -> tuple[bytes, list[str]]:
    """What a person does with the page: reads the key, types the password and the app's code."""
    page = client.get(SET_UP).content.decode()
    key = re.search(r'id="qr-key">([A-Z2-7 ]+)<', page)
    assert key
    secret = base64.b32decode(key.group(1).replace(" ", ""))
    answer = client.post(
        SET_UP, {"current": password, "new_code": f"{TOTP(secret).token():06d}", **more}
    ).content.decode()
    return secret, re.findall(r"<code>([a-z2-7-]{19})</code>", answer)


def test_setting_it_up_opens_the_door_and_gives_codes_once(
    required: None, investigator: User, by_form: SignInByForm
) -> None:
    """The key as a QR code and as text; ten recovery codes, of which only hashes are kept."""
    client = by_form(investigator)
    page = client.get(SET_UP)
    assert b"data:image/svg+xml" in page.content
    assert client.get(SET_UP).content.count(b"qr-key") == 1
    _secret, codes = set_up(client)
    assert len(set(codes)) == 10
    assert inside(client)
    kept = set(RecoveryCode.objects.values_list("token_sha256", flat=True))
    assert not kept & {code.replace("-", "") for code in codes}
    assert codes[0] not in client.get("/account/").content.decode()


def test_opening_the_page_twice_shows_the_same_key(
    required: None, investigator: User, by_form: SignInByForm
) -> None:
    """A reload does not make the key just scanned worthless. Looking writes no row of the trail."""
    client = by_form(investigator)
    before = Event.objects.count()
    keys = {re.search(rb'qr-key">(.*?)<', client.get(SET_UP).content).group(1) for _ in range(2)}  # type: ignore[union-attr]
    assert len(keys) == 1
    assert Event.objects.count() == before


def test_without_the_password_nothing_is_set_up(
    required: None, investigator: User, by_form: SignInByForm
) -> None:
    """A screen left alone is not enough to put one's own telephone in another's place."""
    assert set_up(by_form(investigator), password="wrong")[1] == []
    assert not Authenticator.objects.exists()


def test_signing_in_asks_for_the_code(telephone: Telephone, by_form: SignInByForm) -> None:
    """After the password alone nobody is signed in: no session knows the person yet."""
    client = by_form(telephone.user)
    assert client.get(TODAY)["Location"].startswith("/login/?")
    assert not Session.objects.filter(user_id=telephone.user.pk).exists()
    assert inside(by_form(telephone.user, telephone.shows()))
    assert kinds(telephone.user)[-1:] == ["signed in"]


def test_a_code_counts_once(telephone: Telephone, by_form: SignInByForm) -> None:
    """Whoever looked over the shoulder comes too late."""
    code = telephone.shows()
    assert inside(by_form(telephone.user, code))
    assert not inside(by_form(telephone.user, code))


def test_a_telephone_half_a_minute_late_is_believed_and_a_minute_and_a_half_is_not(
    telephone: Telephone, by_form: SignInByForm
) -> None:
    def sign_in(late: int) -> bool:
        while True:
            telephone.wait()
            step = TOTP(telephone.secret).t()
            let_in = inside(by_form(telephone.user, f"{hotp(telephone.secret, step - late):06d}"))
            # Asked anew when the clock went on to the next step meanwhile.
            if TOTP(telephone.secret).t() == step:
                return let_in

    assert not sign_in(late=3)
    assert sign_in(late=1)


def test_after_a_wrong_code_the_right_one_waits(telephone: Telephone, by_form: SignInByForm) -> None:
    """Guesses from many addresses wait for one another: the delay is the device's."""
    with audit_context(telephone.user, reason="six wrong codes before"):
        Authenticator.objects.update(throttling_failure_count=6)
    assert not inside(by_form(telephone.user, "000000"))
    assert not inside(by_form(telephone.user, telephone.shows()))
    telephone.wait()
    assert inside(by_form(telephone.user, telephone.shows()))


def test_wrong_codes_close_the_door_like_wrong_passwords(telephone: Telephone) -> None:
    """And typing the password again in between does not open it; nor does another address in a header."""
    client = Client()
    answers = []
    for n in range(6):
        client.post("/login/", {"username": telephone.user.username, "password": PASSWORD})
        answers.append(
            client.post("/login/code/", {"code": "000000"}, headers={"X-Forwarded-For": f"10.0.0.{n}"})
        )
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    telephone.wait()
    assert client.post("/login/code/", {"code": telephone.shows()}).status_code == 429
    assert kinds(telephone.user)[-2:] == ["sign-in failed", "locked out"]


def test_a_recovery_code_works_once(telephone: Telephone, by_form: SignInByForm) -> None:
    """However it is written; and its use is in the trail."""
    written = telephone.codes[0].upper().replace("-", " ")
    assert inside(by_form(telephone.user, written))
    assert kinds(telephone.user)[-2:] == ["recovery code", "signed in"]
    assert not inside(by_form(telephone.user, written))
    assert secondfactor.codes_left(telephone.user) == 9


def test_another_persons_code_is_worth_nothing(
    telephone: Telephone, make_user: MakeUser, by_form: SignInByForm
) -> None:
    other = make_telephone(make_user("safety"))
    assert not inside(by_form(telephone.user, other.codes[0]))
    telephone.wait()
    assert not inside(by_form(telephone.user, other.shows()))


def test_the_password_counts_for_five_minutes(telephone: Telephone, by_form: SignInByForm) -> None:
    """Then it is asked again."""
    client = by_form(telephone.user)
    session = client.session
    session["pending"] = {**session["pending"], "at": session["pending"]["at"] - 301}
    session.save()
    assert client.post("/login/code/", {"code": telephone.shows()})["Location"] == "/login/"
    assert not inside(client)


def test_the_code_page_alone_lets_nobody_in(telephone: Telephone) -> None:
    client = Client()
    assert client.post("/login/code/", {"code": telephone.shows()})["Location"] == "/login/"


def test_after_the_code_the_wanted_page_follows(telephone: Telephone) -> None:
    """A link of our own; never another site's."""
    for wanted, led in ((TODAY, TODAY), ("https://evil.example/", "/")):
        client = Client()
        client.post(
            f"/login/?next={wanted}",
            {"username": telephone.user.username, "password": PASSWORD, "next": wanted},
        )
        telephone.wait()
        assert client.post("/login/code/", {"code": telephone.shows()})["Location"] == led


def test_another_app_takes_the_place_of_the_first(telephone: Telephone, by_form: SignInByForm) -> None:
    """With password and the code of the old one; other sessions end, the old app and its codes are worthless."""
    elsewhere = by_form(telephone.user, telephone.shows())
    telephone.wait()
    here = by_form(telephone.user, telephone.shows())
    assert set_up(here, code="000000")[1] == []
    telephone.wait()
    _secret, codes = set_up(here, code=telephone.shows())
    assert len(codes) == 10
    assert inside(here)
    assert not inside(elsewhere)
    assert not inside(by_form(telephone.user, telephone.codes[0]))
    assert Authenticator.objects.filter(user=telephone.user).count() == 2


def test_new_recovery_codes_end_the_old_ones(telephone: Telephone, by_form: SignInByForm) -> None:
    client = by_form(telephone.user, telephone.shows())
    telephone.wait()
    client.post(reverse("recovery_codes"), {"current": PASSWORD, "code": telephone.shows()})
    assert secondfactor.codes_left(telephone.user) == 10
    telephone.wait()
    assert not inside(by_form(telephone.user, telephone.codes[1]))


def test_secrets_are_in_no_table(telephone: Telephone) -> None:
    """Sealed in theirs, masked in the trail, and a report's role may not look."""
    with connection.cursor() as cursor:
        cursor.execute("select sealed from accounts_authenticator")
        sealed = base64.b64decode(cursor.fetchone()[0])
    assert telephone.secret not in sealed
    rows = [event.new for event in Event.objects.filter(table_name__startswith="accounts_") if event.new]
    (digest,) = {row["sealed"] for row in rows if "sealed" in row}
    assert re.fullmatch("not shown, digest [0-9a-f]{64}", digest)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("delete from accounts_authenticator")


def test_a_sealed_secret_opens_for_its_person_only(telephone: Telephone, coordinator: User) -> None:
    """Copied to another's row it is worth nothing: nobody gives a colleague their own telephone's secret."""
    sealed = Authenticator.objects.get().sealed
    assert secondfactor.unseal(telephone.user, sealed) == telephone.secret
    assert secondfactor.unseal(coordinator, sealed) is None


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, SHA-1, of its eight digits the last six: at 1111111109 s the code is 081804."""
    totp = TOTP(b"12345678901234567890")
    totp.time = 1111111109
    assert totp.token() == 81804
