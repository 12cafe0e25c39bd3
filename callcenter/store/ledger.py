"""The hash chain of a timeline: each entry's hash covers the hash before it and the row as written."""

import hashlib

import msgspec

_encoder = msgspec.json.Encoder()
GENESIS = bytes(32)


def data_text(data: object) -> str:
    """The JSON text an entry's data is stored and hashed as."""
    return _encoder.encode(data).decode()


def entry_hash(
    before: bytes, ticket: int, seq: int, kind: str, occurred_at: int, recorded_at: int, by: str, data: str
) -> bytes:
    """sha256 over the hash before and the JSON array of the row's columns, instants as microseconds since the epoch."""
    row = _encoder.encode((ticket, seq, kind, occurred_at, recorded_at, by, data))
    return hashlib.sha256(before + row).digest()
