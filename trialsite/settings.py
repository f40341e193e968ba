"""One settings file; every difference between machines is an environment variable.

An unknown or missing value stops the start: a trial must never run on a guess.
"""

import os
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from trialsite.lib.roles import options
from trialsite.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent


def required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. docs/operations.md lists every variable.")
    return value


def listed(name: str) -> list[str]:
    """The comma-separated values of an optional variable."""
    return [value.strip() for value in os.environ.get(name, "").split(",") if value.strip()]


def networks(name: str) -> list[str]:
    """As `listed`, of addresses and networks such as 10.0.0.0/8."""
    for network in (values := listed(name)):
        try:
            ip_network(network)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {error}.") from None
    return values


def one_of(name: str, allowed: tuple[str, ...]) -> str:
    value = os.environ.get(name, allowed[0])
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; expected one of {', '.join(allowed)}.")
    return value


def whole_number(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    if not (value.isdecimal() and 1 <= int(value) <= 1000):
        raise ImproperlyConfigured(f"{name} is {value!r}; expected a whole number from 1 to 1000.")
    return int(value)


def mail_server(url: str) -> dict[str, object]:
    """Django's settings of a server: smtp:// begins in clear and goes on encrypted, smtps:// is encrypted from the start,
    smtp+plain:// is not at all, for a relay on the same machine or network."""
    parts = urlsplit(url)
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured("SMTP_URL must be smtp://, smtps:// or smtp+plain:// and name a server.")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


def database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must start with postgresql://; no other database is supported."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {"options": options(unquote(parts.username or ""))},
    }


ENVIRONMENT = one_of("TRIALSITE_ENV", ("production", "demo", "test"))
# Whether those who sign, export, administer or unblind must have a second factor. Not a choice where data are real.
SECOND_FACTOR = one_of("SECOND_FACTOR", ("required",) if ENVIRONMENT == "production" else ("off", "required"))
DEBUG = False
SECRET_KEY = required("SECRET_KEY")
# Earlier keys, while what was signed and sealed under them still counts: docs/accounts.md, "Another SECRET_KEY".
SECRET_KEY_FALLBACKS = listed("SECRET_KEY_FALLBACKS")
SECURE = ENVIRONMENT == "production"
ALLOWED_HOSTS = listed("ALLOWED_HOSTS")
# Health checks come from the machine itself.
ALLOWED_HOSTS += ["127.0.0.1", "localhost"]
if ENVIRONMENT == "test":
    ALLOWED_HOSTS += ["testserver"]
CSRF_TRUSTED_ORIGINS = listed("CSRF_TRUSTED_ORIGINS")

DATABASES = {"default": database(required("DATABASE_URL"))}
REDIS_URL = required("REDIS_URL")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_include_bootstrap",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "axes",
    "django_otp",
    "trialsite.accounts",
    "trialsite.audit",
    "trialsite.review",
    "enrollment",
    "assessments",
    "analysis",
]

MIDDLEWARE = [
    "trialsite.accounts.proxy.ProxyMiddleware",
    "trialsite.accounts.nul.NulMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "trialsite.audit.middleware.RequestContextMiddleware",
    "trialsite.accounts.middleware.PresenceMiddleware",
    "trialsite.accounts.in_place.InPlaceMiddleware",
    "trialsite.accounts.middleware.LoginRequiredMiddleware",
    "trialsite.accounts.middleware.ToldMiddleware",
    "trialsite.accounts.middleware.SecondFactorMiddleware",
    "assessments.language.FormLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "trialsite.urls"
WSGI_APPLICATION = "trialsite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "trialsite.accounts.navigation.frame",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "printed_name", "email")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "trialsite.accounts.passwords.WellKnownValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# Messages name totals: they stay on the server, never in a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_ENGINE = "trialsite.accounts.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_SECONDS = 15 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
# Says whose browser this is, so that nobody who guesses elsewhere locks them out: trialsite/accounts/lockout.py.
DEVICE_COOKIE_NAME = "__Host-device" if SECURE else "device"
# In which language a browser shows forms: assessments/language.py.
FORM_LANGUAGE_COOKIE_NAME = "__Host-form-language" if SECURE else "form-language"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "trialsite.accounts.errors.csrf_failure"
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
PASSWORD_RESET_TIMEOUT = 3 * 24 * 60 * 60
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
X_FRAME_OPTIONS = "DENY"

AXES_HANDLER = "trialsite.accounts.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
# Signing in forgets the slips by itself, while it still knows from which device they were: accounts/access.py.
AXES_RESET_ON_SUCCESS = False
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_ENABLE_ADMIN = False
# Reverse proxies, as networks, whose X-Forwarded-For is believed; empty: the address is the socket's, for a
# client can write anything there.
TRUSTED_PROXIES = networks("TRUSTED_PROXIES")
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]
AXES_USERNAME_CALLABLE = "trialsite.accounts.lockout.counted_name"
# What a failed attempt sent is kept beside it, but for these: a reason may name what nobody else may know.
AXES_SENSITIVE_PARAMETERS = [
    "username",
    "password",
    "again",
    "current",
    "code",
    "reason",
    "meaning",
    "decision",
    "recommendation",
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
DATE_FORMAT = "j M Y"
FORMAT_MODULE_PATH = ["trialsite.formats"]

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / ".local" / "static"))
STATICFILES_DIRS = [BASE_DIR / "trialsite" / "static"]
# Finders serve the files where `collectstatic` has not run (demo, tests); production has them collected.
WHITENOISE_USE_FINDERS = ENVIRONMENT != "production"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "trialsite.static_files.HashedStaticFilesStorage"
        if SECURE
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Usernames are unique whatever their case: by a constraint on lower(username).
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
# One form takes a file, an import's; of any other's file no more is kept than of that one.
DATA_UPLOAD_MAX_NUMBER_FILES = 1
FILE_UPLOAD_HANDLERS = ["assessments.importing.upload.CappedUploadHandler"]
IMPORT_MAX_BYTES = whole_number("IMPORT_MAX_MB", 20) * 1024 * 1024

# Mail about safety alerts. Whatever happens to it, the alerts stand on the pages.
MAIL = one_of("MAIL", ("console", "file", "smtp"))
EMAIL_BACKEND = {
    "console": "django.core.mail.backends.console.EmailBackend",
    "file": "django.core.mail.backends.filebased.EmailBackend",
    "smtp": "django.core.mail.backends.smtp.EmailBackend",
}[MAIL]
EMAIL_FILE_PATH = Path(os.environ.get("MAIL_FOLDER") or BASE_DIR / ".local" / "mail")
EMAIL_TIMEOUT = 10
if MAIL == "smtp":
    globals().update(mail_server(required("SMTP_URL")))
# Where links in mail lead, and who sends it.
PUBLIC_URL = (os.environ.get("PUBLIC_URL") or f"http{'s' if SECURE else ''}://{ALLOWED_HOSTS[0]}").rstrip("/")
DEFAULT_FROM_EMAIL = os.environ.get("MAIL_FROM") or f"trialsite@{urlsplit(PUBLIC_URL).hostname}"

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"closed.*": {"queue": "closed"}}
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Through it whoever reaches the broker could stop a worker and read its settings. A worker says by itself that it is
# there: trialsite/pulse.py.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
# What is taken and not finished is each user's own: trialsite/stack/broker.py.
_TAKEN = f".{user}" if (user := urlsplit(REDIS_URL).username) else ""
# A save must not wait for a broker that is gone: the sweep brings what a lost message left.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 0.3,
    "socket_timeout": 5,
    "visibility_timeout": 600,
    "unacked_key": f"unacked{_TAKEN}",
    "unacked_index_key": f"unacked_index{_TAKEN}",
    "unacked_mutex_key": f"unacked_mutex{_TAKEN}",
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "analysis.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "imports": {"task": "assessments.imports", "schedule": 5.0, "options": {"expires": 5}},
    "safety": {"task": "assessments.safety", "schedule": 15.0, "options": {"expires": 15}},
    "refresh": {"task": "analysis.refresh", "schedule": 3600.0, "options": {"expires": 3600}},
    "closed-sweep": {"task": "closed.sweep", "schedule": 5.0, "options": {"expires": 5, "queue": "closed"}},
}

APP_VERSION = "0.1.0"

LOGGING = logging_config()
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
