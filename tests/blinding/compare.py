"""Two lives of one trial, byte for byte, without tokens and clocks."""

import re
from dataclasses import dataclass

from tests.access.crawl import Got

# What differs between any two runs of anything. A digest (64 characters, like a form's token) is of
# text that holds a clock or a salt.
NOISE = [
    (rb"\b[A-Za-z0-9]{64}\b", b"TOKEN"),
    (rb"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", b"UUID"),
    (rb"\b[0-9a-f]{12,16}(\xe2\x80\xa6|\.\.\.)", b"SHA256"),
    (rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d(:?\d\d)?|Z)?", b"CLOCK"),
    (rb"\b\d{8}T\d{6}Z", b"CLOCK"),
    # In the content of a raw entry: seconds since 1970, and the transaction.
    (rb"(&quot;|\")\d{10}\.\d{1,6}(&quot;|\"), (&quot;|\")\d+(&quot;|\")", b"CLOCK"),
    # The server's clock, as the page of an infusion day is given it.
    (rb'(?<=data-now=")\d{13}', b"CLOCK"),
    (rb"\b\d+\xc2\xa0minutes?\b", b"AGE"),
    (rb"\b\d\d:\d\d(:\d\d)?\b", b"TIME"),
    # One's own: the key of a second factor that is offered, and of a session that can be ended.
    (rb'(?<=src=")data:image/svg[^"]*(?=" alt="QR code)', b"QR"),
    (rb'(?<=id="qr-key">)[A-Z2-7 ]+', b"KEY"),
    (rb"(?<=/account/sessions/)[0-9a-f]{16}", b"SESSION"),
]
IGNORED = {"X-Request-ID", "Set-Cookie", "Date", "Expires", "Last-Modified", "Content-Length"}
AROUND = 80


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two lives differ first."""

    address: str
    what: str
    one: str
    other: str

    def __str__(self) -> str:
        return f"{self.address}: {self.what}\n  {self.one}\n  {self.other}"


def quiet(content: bytes) -> bytes:
    """`content` without tokens and clocks."""
    for pattern, word in NOISE:
        content = re.sub(pattern, word, content)
    return content


def differences(one: dict[str, Got], other: dict[str, Got]) -> list[Difference]:
    """Every address at which the two lives differ: which addresses there are and in which order, status,
    headers, length and bytes."""
    if list(one) != list(other):
        links = "\n".join(one).encode(), "\n".join(other).encode()
        return [_first("the order of links", "addresses", *links)]
    found: list[Difference] = []
    for address, mine in one.items():
        theirs = other[address]
        if mine.status != theirs.status:
            found.append(Difference(address, "status", str(mine.status), str(theirs.status)))
        for a, b, what in (
            (_headers(mine), _headers(theirs), "headers"),
            (quiet(mine.content), quiet(theirs.content), "bytes"),
        ):
            if a != b:
                found.append(_first(address, what, a, b))
        for got in (mine, theirs):
            length = dict(got.headers).get("Content-Length")
            if length is not None and int(length) != len(got.content):
                found.append(Difference(address, "length", length, str(len(got.content))))
    return found


def _headers(got: Got) -> bytes:
    return quiet("\n".join(f"{name}: {value}" for name, value in got.headers if name not in IGNORED).encode())


def _bytes(got: Got) -> bytes:
    return quiet(got.content)


def _first(address: str, what: str, one: bytes, other: bytes) -> Difference:
    at = next(
        (n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )
    begin = max(0, at - AROUND)
    return Difference(
        address, f"{what} from {at}", repr(one[begin : at + AROUND]), repr(other[begin : at + AROUND])
    )
