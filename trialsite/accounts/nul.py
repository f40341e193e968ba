"""No text that people write has the character NUL, and PostgreSQL keeps none: the one place that refuses it."""

from collections.abc import Callable, Iterator

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict


class NulMiddleware:
    """Answers 400 to a request whose path, headers, query or form holds NUL, before anything else reads it.

    Files are read by whoever takes them, who says which line is wrong; Django keeps NUL out of their names.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any("\0" in text for text in _texts(request)):
            raise BadRequest("NUL")
        return self.get_response(request)


def _texts(request: HttpRequest) -> Iterator[str]:
    yield request.path_info
    yield from (value for name, value in request.META.items() if name.startswith("HTTP_"))
    yield from request.COOKIES.values()
    yield from _of(request.GET)
    if request.method == "POST":
        yield from _of(request.POST)


def _of(fields: QueryDict) -> Iterator[str]:
    for name, values in fields.lists():
        yield name
        yield from values
