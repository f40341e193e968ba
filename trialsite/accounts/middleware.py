"""Default-deny: every view needs a logged-in person unless it says `login_not_required`."""

from typing import cast

from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django_htmx.http import HttpResponseClientRedirect


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
