"""Gives every request an id and remembers where it came from, for the audit trail and the log."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from trialsite.accounts.context import RequestOrigin, new_request_id, origin
from trialsite.accounts.http import current_study
from trialsite.accounts.policy import one_request
from trialsite.accounts.sessions import digest
from trialsite.lib.request_id import request_id


class RequestContextMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = new_request_id()
        request_id.set(name)
        key = request.session.session_key
        session = digest(key) if key else None
        token = origin.set(RequestOrigin(name, request.META.get("REMOTE_ADDR") or None, session))
        current_study.set(None)
        try:
            # Times are told in UTC until a record of a site is fetched (accounts/http.py).
            with one_request(), timezone.override(None):
                response = self.get_response(request)
        finally:
            origin.reset(token)
        response["X-Request-ID"] = name
        return response
