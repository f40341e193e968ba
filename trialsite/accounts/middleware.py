"""Default-deny: every view needs a logged-in person, and one who is there."""

import time
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django_htmx.http import HttpResponseClientRedirect

from trialsite.accounts.access import Kind, record


class PresenceMiddleware:
    """Signs out whoever did nothing for SESSION_IDLE_SECONDS, and everybody after SESSION_COOKIE_AGE.

    What a page does by itself (polling, keeping a draft) says so in the header X-Background and does not
    count as being there.
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

    def handle_no_permission(self, request: HttpRequest, view_func):  # type: ignore[no-untyped-def]
        response = super().handle_no_permission(request, view_func)
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(response["Location"])
        return response
