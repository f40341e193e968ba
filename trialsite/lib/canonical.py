"""One byte string for one value: JSON with sorted keys, no spaces, UTF-8, and its SHA-256."""

import hashlib
import json


def encode(value: object) -> bytes:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def sha256(value: object) -> str:
    """Hex SHA-256 of the canonical form."""
    return hashlib.sha256(encode(value)).hexdigest()
