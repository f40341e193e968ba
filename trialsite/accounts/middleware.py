"""Default-deny: every view needs a logged-in person, and one who is there."""

import time
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django_htmx.http import HttpResponseClientRedirect

from trialsite.accounts.access import Kind, record
from trialsite.accounts.in_place import HEADER
from trialsite.accounts.secondfactor import must_have


class PresenceMiddleware:
    """Signs out whoever did nothing for SESSION_IDLE_SECONDS, and everybody after SESSION_COOKIE_AGE.

    What a page does by itself (polling, sending again what had no answer) says so in the header X-Background and
    does not count as being there. A draft is kept because somebody types: that counts.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            now = int(time.time())
            began = request.session.setdefault("began", now)
            seen = request.session.setdefault("seen", now)
            request.session.setdefault("ip", request.META.get("REMOTE_ADDR") or None)
            request.session.setdefault("agent", request.headers.get("User-Agent", "")[:200])
            idle = now - seen > settings.SESSION_IDLE_SECONDS
            if idle or now - began > settings.SESSION_COOKIE_AGE:
                record(Kind.TIMED_OUT, request.user, about="nobody there" if idle else "long enough")
                logout(request)
            elif "X-Background" not in request.headers and now - seen > 30:
                # Not at every request: each would be a write.
                request.session["seen"] = now
        return self.get_response(request)


class LoginRequiredMiddleware(DjangoLoginRequired):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = cast(HttpResponseBase, self.get_response(request))
        # Pages hold health data: no cache on disk, and Back after logging out shows nothing.
        add_never_cache_headers(response)
        return response

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        response = super().handle_no_permission(request, view_func)
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(response["Location"])
        return response


class SecondFactorMiddleware:
    """Whoever must have a second factor and has none sets it up before anything else.

    Whoever has one is asked for it at the sign-in, so a signed-in session without it belongs to somebody without.
    """

    # What one may do meanwhile.
    OPEN = frozenset({"second_factor", "reset_notice", "logout"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], *_: object
    ) -> HttpResponseBase | None:
        if not request.user.is_authenticated or "second_factor" in request.session:
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        if name in self.OPEN or not getattr(view, "login_required", True) or not must_have(request.user):
            return None
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(reverse("second_factor"))
        if HEADER in request.headers:
            # To be led there would lose what was typed.
            return HttpResponse(status=403)
        return redirect("second_factor")


class ToldMiddleware:
    """Whose access was reset is told so before they read another page; what is being saved is saved first."""

    OPEN = SecondFactorMiddleware.OPEN

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], *_: object
    ) -> HttpResponseBase | None:
        if not request.user.is_authenticated or not request.session.get("untold"):
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        beside = any(header in request.headers for header in ("HX-Request", "X-Background", HEADER))
        if (
            request.method != "GET"
            or beside
            or name in self.OPEN
            or not getattr(view, "login_required", True)
        ):
            return None
        request.session["onward"] = request.get_full_path()
        return redirect("reset_notice")
