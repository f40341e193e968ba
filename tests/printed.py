"""The words of a printed page."""

import base64
import re
import zlib


def text_of(content: bytes) -> str:
    """Those of every page, as a reader's search finds them (ASCII ones; the rest is in font subsets)."""
    words = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        body = stream.strip()
        if not body.endswith(b"~>"):
            continue
        try:
            page = zlib.decompress(base64.a85decode(b"<~" + body, adobe=True))
        except (ValueError, zlib.error):
            continue
        words += [piece.decode("latin-1") for piece in re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", page)]
    return re.sub(r"\\([()\\])", r"\1", " ".join(" ".join(words).split()))
