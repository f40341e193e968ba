"""Forms that are sent without leaving their page: whatever the server has to say, what was typed stays."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import add_never_cache_headers

# Sent by static/scripts/guard.js with the number of the person for whom the page was made.
HEADER = "X-In-Place"


class InPlaceMiddleware:
    """Answers a script that stays on its page.

    Nobody signed in, or by now somebody else: 401, and nothing is done, so that nobody's typing is saved under
    another's name. A redirect, which a script cannot read, becomes 200 and {"to": address}.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user_id = request.headers.get(HEADER)
        if user_id is None:
            return self.get_response(request)
        if not request.user.is_authenticated or str(request.user.pk) != user_id:
            return _uncached(JsonResponse({}, status=401))
        response = self.get_response(request)
        if 300 <= response.status_code < 400:
            return _uncached(JsonResponse({"to": response["Location"]}))
        return response


def _uncached(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    return response
