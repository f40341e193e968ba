"""A signed note of how far every chain has come, to be kept where the database's keepers cannot reach it.

A superuser can cut a chain's end off or write a whole chain anew so that each hash fits. The note holds the
last number and hash of every chain, signed with an Ed25519 key that is not in the database: it fits neither.
"""

import base64
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from trialsite.lib.database import DatabaseCursor

FORMAT = "trialsite audit checkpoint 1"


class Invalid(ValueError):
    """A key or a checkpoint that cannot be read or does not belong to the other."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`heads`: chain → (last number, its hash in hexadecimal); `at`: ISO 8601, the database's clock."""

    at: str
    heads: dict[str, tuple[int, str]]


def take(cursor: DatabaseCursor) -> Checkpoint:
    """How far every chain has come at one moment."""
    cursor.execute(
        "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
        " coalesce(json_object_agg(chain, json_build_array(n, encode(hash, 'hex')) order by chain), '{}')::text"
        " from (select chain, n, hash from audit.chain_head union all select chain, n, hash from closed.heads()) h"
    )
    at, heads = cursor.fetchone()
    return Checkpoint(at, {chain: (n, digest) for chain, (n, digest) in json.loads(heads).items()})


def faults(cursor: DatabaseCursor, kept: Checkpoint) -> Iterator[str]:
    """Each entry that the checkpoint knew and the trail no longer has, or has with another content."""
    cursor.execute(
        "select k.chain, k.n, e.hash is null from json_to_recordset(%s) as k(chain text, n bigint, hash text)"
        " left join audit.event v on v.chain = k.chain and v.n = k.n"
        " cross join lateral (select coalesce(v.hash, closed.entry_hash(k.chain, k.n)) as hash) e"
        " where encode(e.hash, 'hex') is distinct from k.hash order by 1",
        [json.dumps([{"chain": chain, "n": n, "hash": digest} for chain, (n, digest) in kept.heads.items()])],
    )
    for chain, n, gone in cursor.fetchall():
        happened = "is gone" if gone else "is not the one"
        yield f"{chain}, entry {n}: {happened} that the checkpoint of {kept.at} knew"


def new_key(path: Path) -> Path:
    """Make a key pair: the private key at `path`, for its owner only; the public key beside it, returned.

    Raises FileExistsError: a key is never written over.
    """
    key = Ed25519PrivateKey.generate()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = path.with_name(f"{path.name}.pub")
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public


def sign(checkpoint: Checkpoint, key: Path) -> str:
    """The checkpoint as JSON text with its signature; `-` is a key on standard input. Raises Invalid when `key` is
    no private Ed25519 key."""
    try:
        pem = sys.stdin.buffer.read() if str(key) == "-" else key.read_bytes()
        private = load_pem_private_key(pem, password=None)
    except (OSError, ValueError, TypeError) as error:
        raise Invalid(f"{key} is no readable private key: {error}") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise Invalid(f"{key} is no Ed25519 key")
    body = {"format": FORMAT, "at": checkpoint.at, "chains": checkpoint.heads}
    signature = base64.b64encode(private.sign(_bytes(body))).decode()
    return json.dumps({**body, "signature": signature}, indent=1, ensure_ascii=False) + "\n"


def read(text: str, key: Path) -> Checkpoint:
    """The checkpoint in `text`. Raises Invalid unless the owner of the private key signed every byte of it."""
    try:
        public = load_pem_public_key(key.read_bytes())
        body = json.loads(text)
        signature = base64.b64decode(body.pop("signature"), validate=True)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise Invalid(f"the checkpoint or the key cannot be read: {error}") from error
    if not isinstance(public, Ed25519PublicKey):
        raise Invalid(f"{key} is no Ed25519 key")
    try:
        public.verify(signature, _bytes(body))
    except InvalidSignature:
        raise Invalid("the checkpoint was not signed with this key, or was changed since") from None
    if body.get("format") != FORMAT:
        raise Invalid(f"the format of the checkpoint is {body.get('format')!r}, expected {FORMAT!r}")
    return Checkpoint(body["at"], {chain: (n, digest) for chain, (n, digest) in body["chains"].items()})


def _bytes(body: dict[str, Any]) -> bytes:
    """One spelling for one content: sorted names, no spaces, UTF-8."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
