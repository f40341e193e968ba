"""The second factor: an authenticator app (TOTP, RFC 6238) and recovery codes.

Secrets lie encrypted in their table (AES-GCM, bound to the person); the key comes from SECRET_KEY, which the
database does not hold. A reader of the database or of a backup can make no code; the web process can, because it
has to check them. docs/accounts.md says so to those who must know. What was sealed under an earlier key opens while
that key is in SECRET_KEY_FALLBACKS. Recovery codes depend on no key.
"""

import base64
import hashlib
import logging
import secrets
from urllib.parse import quote, urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils import timezone
from django_otp.oath import TOTP

from trialsite.accounts.access import Kind, record
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import AccessReset, Authenticator, Membership, RecoveryCode, User
from trialsite.accounts.policy import POLICY, STRONG

log = logging.getLogger(__name__)
ISSUER = "Trialsite"
STEP = 30
DRIFT = 1  # steps that a telephone's clock may be early or late
CODES = 10


def must_have(user: User) -> bool:
    """Whether a role held now asks for a second factor: whoever signs, exports, administers or learns an arm."""
    if settings.SECOND_FACTOR == "off":
        return False
    roles = frozenset().union(*(POLICY[action] for action in STRONG))
    return Membership.objects.current().filter(user=user, role__in=roles).exists()


def authenticator_of(user: User) -> Authenticator | None:
    authenticator: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).first()
    return authenticator


def new_secret() -> bytes:
    return secrets.token_bytes(20)


def as_text(secret: bytes) -> str:
    """For typing into the app: Base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def address(user: User, secret: bytes) -> str:
    """What the QR code says (the Key Uri Format of authenticator apps)."""
    query = urlencode({"secret": as_text(secret).replace(" ", ""), "issuer": ISSUER})
    return f"otpauth://totp/{ISSUER}:{quote(user.username)}?{query}"


def seal(user: User, secret: bytes) -> str:
    """Under the key of today."""
    nonce = secrets.token_bytes(12)
    return base64.b64encode(
        nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, secret, _bound_to(user))
    ).decode()


def unseal(user: User, sealed: str) -> bytes | None:
    """None when it was sealed for another person, or under a key that is no longer among ours."""
    raw = base64.b64decode(sealed)
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _cipher(key).decrypt(raw[:12], raw[12:], _bound_to(user))
        except InvalidTag:
            continue
    return None


def opens(authenticator: Authenticator) -> bool:
    """Whether codes of this app can be checked; if not, a recovery code or a reset is the way in."""
    return unseal(authenticator.user, authenticator.sealed) is not None


def shows(secret: bytes, code: str, after: int = 0) -> int | None:
    """The step at which an app with `secret` shows `code` now, if later than step `after`."""
    totp = TOTP(secret, step=STEP)
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return None
    return int(totp.t()) if totp.verify(int(code), tolerance=DRIFT, min_t=after + 1) else None


def passes(user: User, code: str) -> bool:
    """Whether `code` is what the app of `user` shows, or an unused recovery code. Each works once.

    After a wrong one even the right one is refused for 1, 2, 4 … seconds, from wherever it comes.
    """
    typed = "".join(code.split()).replace("-", "").lower()
    with audit_context(user):
        authenticator = Authenticator.objects.select_for_update().filter(user=user, confirmed=True).first()
        if authenticator is None or not authenticator.verify_is_allowed()[0]:
            return False
        secret = unseal(user, authenticator.sealed)
        if secret is None:
            log.error("the secret of authenticator %s opens with none of our keys", authenticator.pk)
        step = shows(secret, typed, authenticator.last_step) if secret is not None else None
        if step is not None:
            authenticator.last_step = step
        elif not _use(authenticator, typed):
            authenticator.throttle_increment()
            return False
        authenticator.throttle_reset(commit=False)
        authenticator.save()
        return True


def set_up(secret: bytes, code: str, *, by: User) -> list[str] | None:
    """Make the app with `secret` the second factor of `by`, in place of any before; None if `code` is not its.

    Returns the recovery codes: they are told this once.
    """
    step = shows(secret, "".join(code.split()))
    if step is None:
        return None
    with audit_context(by, reason="second factor set up"):
        Authenticator.objects.filter(user=by, confirmed=True).update(confirmed=False)
        authenticator = Authenticator.objects.create(
            user=by, name="authenticator app", sealed=seal(by, secret), last_step=step
        )
        AccessReset.objects.note_use(by, AccessReset.Kind.SECOND_FACTOR)
        return _new_codes(authenticator)


def renew_codes(*, by: User) -> list[str]:
    """New recovery codes; the old ones no longer work."""
    with audit_context(by, reason="new recovery codes"):
        authenticator = Authenticator.objects.select_for_update().get(user=by, confirmed=True)
        authenticator.recovery_codes.filter(ended_at=None).update(ended_at=timezone.now())
        return _new_codes(authenticator)


def reseal(*, by: User) -> list[User]:
    """Seal every secret in use under the key of today. Returns whose secret no key of ours opens."""
    lost = []
    with audit_context(by, reason="sealed under the key of today"):
        for authenticator in (
            Authenticator.objects.select_for_update().filter(confirmed=True).select_related("user")
        ):
            secret = unseal(authenticator.user, authenticator.sealed)
            if secret is None:
                lost.append(authenticator.user)
                continue
            authenticator.sealed = seal(authenticator.user, secret)
            authenticator.save(update_fields=["sealed"])
    return lost


def codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(
        authenticator__user=user, authenticator__confirmed=True, ended_at=None
    ).count()


def _new_codes(authenticator: Authenticator) -> list[str]:
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(CODES)]
    for code in codes:
        RecoveryCode.objects.create(authenticator=authenticator, token_sha256=_hash(code))
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in codes]


def _use(authenticator: Authenticator, code: str) -> bool:
    used = authenticator.recovery_codes.filter(token_sha256=_hash(code), ended_at=None)
    if not used.update(ended_at=timezone.now()):
        return False
    record(Kind.RECOVERY_CODE, authenticator.user)
    return True


def _hash(code: str) -> str:
    """80 random bits need no slow hash."""
    return hashlib.sha256(code.encode()).hexdigest()


def _cipher(key: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"trialsite.second-factor:" + key.encode()).digest())


def _bound_to(user: User) -> bytes:
    return f"user {user.pk}".encode()
