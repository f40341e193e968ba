"""Where a request comes from, when a reverse proxy stands before us: what that proxy says, and nobody else."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from itertools import pairwise

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ProxyMiddleware:
    """Puts the client's address in REMOTE_ADDR, from which lockout and audit trail take it.

    X-Forwarded-For is believed only of an address in TRUSTED_PROXIES, and of it only the last entry that is
    not itself a trusted proxy: a client can write the others. Without TRUSTED_PROXIES the socket's stands.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        hops = [request.META.get("REMOTE_ADDR", "")]
        hops += reversed([hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")])
        address = hops[0]
        for nearer, hop in pairwise(hops):
            if not _trusted(nearer) or not _is_address(hop):
                break
            address = hop
        request.META["REMOTE_ADDR"] = address
        return self.get_response(request)


def _trusted(address: str) -> bool:
    return _is_address(address) and any(
        ip_address(address) in ip_network(network) for network in settings.TRUSTED_PROXIES
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
