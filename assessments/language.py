"""In which language people read forms. The interface is English; a form's labels may be there in others as well."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language_info
from django.views.decorators.http import require_POST

from assessments.domain.form import Form
from assessments.domain.label import LANGUAGE
from enrollment.selectors import study_for
from trialsite.accounts.http import Request

# What is stored, sent or exported is for everybody: it is written in this one.
COMMON = "en"
_reader: ContextVar[str] = ContextVar("form_language", default=COMMON)
YEAR = 365 * 24 * 60 * 60


def form_language() -> str:
    """That of the reader: of whoever asked for the page, else the common one."""
    return _reader.get()


class FormLanguageMiddleware:
    """The reader's language for one request, from the cookie of `choose_form_language`; anything else in it is ignored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        wanted = request.COOKIES.get(settings.FORM_LANGUAGE_COOKIE_NAME, "")
        token = _reader.set(wanted if re.fullmatch(LANGUAGE, wanted) else COMMON)
        try:
            return self.get_response(request)
        finally:
            _reader.reset(token)


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    code: str
    name: str
    chosen: bool


def languages_of(form: Form) -> tuple[LanguageChoice, ...]:
    """Those in which `form` can be read, named in themselves; empty where there is no choice."""
    languages = sorted(form.title.languages)
    if len(languages) < 2:
        return ()
    read = form.title.language(form_language())
    return tuple(LanguageChoice(code, _name(code), code == read) for code in languages)


def _name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code


@require_POST
def choose_form_language(request: Request, study: str) -> HttpResponse:
    """Read forms in another language, in this browser, from the page where one is; what is no language changes nothing."""
    study_for(request.user, study, "study.view")
    language, back = request.POST.get("language", ""), request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    if not re.fullmatch(LANGUAGE, language):
        return response
    response.set_cookie(
        settings.FORM_LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
