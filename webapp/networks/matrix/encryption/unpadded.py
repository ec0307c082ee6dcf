"""Unpadded base64 (Matrix specification, appendices): how keys, signatures and ciphertexts are written in JSON."""

import base64
import binascii


def encode(data: bytes) -> str:
    """``data`` in the standard alphabet, without ``=``."""
    return base64.b64encode(data).decode("ascii").rstrip("=")


def decode(text: object, length: int | None = None) -> bytes:
    """The bytes of ``text``, with or without padding, of exactly ``length`` if given. Raises ValueError, only that."""
    bare = text.rstrip("=") if isinstance(text, str) else "?"
    try:
        data = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if length is not None and len(data) != length:
        raise ValueError(f"{len(data)} bytes instead of {length}")
    return data
