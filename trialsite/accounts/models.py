"""People, sites, and who may act where."""

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin

from trialsite.lib.user_agent import browser_of


class Role(models.TextChoices):
    """ICH E6 and GCP terms. The letters are the columns of the policy table."""

    COORDINATOR = "coordinator", _("Coordinator")
    INVESTIGATOR = "investigator", _("Investigator")
    MONITOR = "monitor", _("Monitor")
    DATA_MANAGER = "datamanager", _("Data manager")
    PHARMACIST = "pharmacist", _("Unblinded pharmacist")
    STATISTICIAN = "statistician", _("Unblinded statistician")
    SAFETY = "safety", _("Safety physician")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "admin", _("Administrator")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)

    def system(self) -> "User":
        """The person as whom the software itself acts: commands, imports, workers."""
        return self.get(is_system=True)


class User(AbstractBaseUser):
    """A person. Usernames are never reused: rows are deactivated, not deleted."""

    username = models.CharField(_("username"), max_length=64)
    printed_name = models.CharField(_("printed name"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_system = models.BooleanField(default=False, help_text="Acts for the software itself; cannot log in.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # Logins are audited; a field of its own would be one more write at every login.
    last_login = None

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["printed_name"]
    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_unique"),
            models.CheckConstraint(condition=~Q(printed_name=""), name="user_has_printed_name"),
        ]

    def __str__(self) -> str:
        return self.printed_name


class Study(models.Model):
    """A trial. What it does is in its protocol versions (enrollment.ProtocolVersion)."""

    code = models.CharField(max_length=20, unique=True)
    short_title = models.CharField(max_length=200)
    synthetic = models.BooleanField(default=False, help_text="Holds invented data only.")

    def __str__(self) -> str:
        return self.code


class SiteQuerySet(models.QuerySet["Site"]):
    def for_user(self, user: User, study: Study) -> "SiteQuerySet":
        """The sites of `study` where `user` holds any role now."""
        grants = Membership.objects.current().filter(user=user, study=study)
        if grants.filter(site=None).exists():
            return self.filter(study=study)
        return self.filter(pk__in=grants.values("site"))


class Site(models.Model):
    """A place where participants are seen. Clinical dates are dates in its time zone."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="sites")
    code = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64)

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="site_code_unique_in_study")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def open(self) -> "MembershipQuerySet":
        """Held now or later, also of a person who is deactivated for the time being."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=timezone.now()))

    def current(self) -> "MembershipQuerySet":
        now = timezone.now()
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now, user__is_active=True)


class Membership(models.Model):
    """A role granted to a person in a study, at one site or (site empty) at all of them."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    study = models.ForeignKey(Study, models.PROTECT, related_name="memberships")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["study_id", "site_id", "role"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="membership_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.UniqueConstraint(
                fields=["user", "study", "site", "role"],
                condition=Q(ends_at=None),
                nulls_distinct=False,
                name="membership_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role} at {self.site_id or 'all sites'}"


class SessionQuerySet(models.QuerySet["Session"]):
    def of(self, user: User) -> "SessionQuerySet":
        return self.filter(user_id=user.pk)

    def live(self) -> "SessionQuerySet":
        """Neither expired nor left alone for too long."""
        now = timezone.now()
        idle = now - timedelta(seconds=settings.SESSION_IDLE_SECONDS)
        return self.filter(Q(seen_at=None) | Q(seen_at__gt=idle), expire_date__gt=now)


class Session(AbstractBaseSession):
    """A session that knows its user, so that the database itself can ask who is live. Its key here is the
    SHA-256 of the key in the cookie."""

    session_key = models.CharField(max_length=64, primary_key=True)
    user_id = models.BigIntegerField(null=True, db_index=True)
    began_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    ip = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True, default="")

    objects = SessionQuerySet.as_manager()  # type: ignore[assignment,misc]

    @property
    def browser(self) -> str:
        return browser_of(self.agent)

    @classmethod
    def get_session_store_class(cls) -> Any:
        from trialsite.accounts.sessions import SessionStore

        return SessionStore


class AccessEvent(models.Model):
    """Somebody came, went, was kept out, or proved to be themselves. Written once, and audited."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed in", _("Signed in")
        FAILED = "sign-in failed", _("Sign-in failed")
        LOCKED_OUT = "locked out", _("Locked out")
        SIGNED_OUT = "signed out", _("Signed out")
        TIMED_OUT = "timed out", _("Timed out")
        CONFIRMED = "confirmed", _("Confirmed by password")
        NOT_CONFIRMED = "not confirmed", _("Confirmation failed: wrong password or code")
        RECOVERY_CODE = "recovery code", _("Recovery code used")
        SESSION_ENDED = "session ended", _("Session ended")
        LINK = "link", _("Password link issued")
        TRAIL = "trail taken", _("Audit trail downloaded")
        LIST = "list taken", _("List downloaded")

    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    # Empty: a name nobody has. It is not kept: people type passwords into the wrong field.
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="access_events")
    about = models.CharField(max_length=200, blank=True, default="")
    # Of a confirmation: the session (as its table keys it) in which it was given. Set by the database, like `at`.
    session = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        # The trail names its rows by it.
        db_table = "accounts_access"
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "-id"], name="access_user")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.user_id}"


class Authenticator(ThrottlingMixin, Device):  # type: ignore[misc]
    """The app on a person's telephone that shows a code every 30 seconds (TOTP, RFC 6238).

    `confirmed` is true while it counts; one that was replaced or reset stays, for the trail.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    # Encrypted: trialsite/accounts/secondfactor.py. The key is not in the database.
    sealed = models.CharField(max_length=200)
    # The step of the last code that was taken: no code counts twice.
    last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(confirmed=True), name="authenticator_one")
        ]

    def get_throttle_factor(self) -> int:
        """Seconds to wait after the first wrong code; each further one doubles it."""
        return 1

    def throttle_increment(self, commit: bool = True) -> None:
        """Up to 512 seconds, so that nobody who knows a password can keep its owner out for days."""
        self.throttling_failure_count = min(self.throttling_failure_count, 9)  # type: ignore[has-type]
        super().throttle_increment(commit)


class RecoveryCode(models.Model):
    """For the day the telephone is lost: works once instead of a code. Only its SHA-256 is kept."""

    authenticator = models.ForeignKey(Authenticator, models.PROTECT, related_name="recovery_codes")
    token_sha256 = models.CharField(max_length=64)
    ended_at = models.DateTimeField(null=True, help_text="Used, or replaced by new ones.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["authenticator", "token_sha256"], name="recovery_code_once")
        ]

    def __str__(self) -> str:
        return f"recovery code {self.pk} of {self.authenticator_id}"


class Username(models.Model):
    """Every name that anybody has or had, so spelt that two which mean the same are the same. A trigger writes it:
    a name is never given to a second person."""

    name = models.CharField(max_length=200, unique=True)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.name


class AccessResetQuerySet(models.QuerySet["AccessReset"]):
    def waiting(self) -> "AccessResetQuerySet":
        return self.filter(granted=None)

    def of_study(self, study: Study) -> "AccessResetQuerySet":
        """Of people who have or had a role there."""
        return self.filter(user__in=Membership.objects.filter(study=study).values("user"))

    def untold(self, user: User) -> "AccessResetQuerySet":
        """Granted, and `user` has not been told yet."""
        return self.filter(user=user, granted=True, told_at=None)

    def note_use(self, user: User, kind: str) -> None:
        """`user` has set a new password, or a new second factor, after a reset."""
        self.filter(user=user, kind=kind, granted=True, used_at=None).update(used_at=timezone.now())


class AccessReset(models.Model):
    """Somebody's password or second factor is taken away, so that they set another.

    Of whoever may sign, unblind, decide or take unblinded data away, one administrator asks and another grants it
    (21 CFR 11.200(a)(3)); the database keeps that, and the times. Who can't is reset by the one who asks, at once.
    """

    class Kind(models.TextChoices):
        PASSWORD = "password", _("Password")
        SECOND_FACTOR = "second factor", _("Second factor")

    user = models.ForeignKey(User, models.PROTECT, related_name="resets")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    reason = models.TextField()
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    granted = models.BooleanField(null=True)
    decision_reason = models.TextField(blank=True, default="")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True, help_text="When the person set another.")
    told_at = models.DateTimeField(null=True, help_text="When the person said that they know of it.")

    objects = AccessResetQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"], condition=Q(granted=None), name="reset_asked_once"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="reset_has_reason"),
            models.CheckConstraint(
                condition=Q(granted=None) | Q(decided_by__isnull=False), name="reset_decided_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"reset {self.pk}: {self.kind} of {self.user_id}"
