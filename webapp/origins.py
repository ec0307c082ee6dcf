"""Which addresses this house answers to, and which pages may talk to it (S9, S11)."""

from urllib.parse import urlsplit

from webapp.settings import Settings

LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}


def host_name(host: str) -> str:
    """``house.example`` of ``house.example:8000``; nothing if it is no host."""
    try:
        parts = urlsplit(f"//{host}")
        named = parts.hostname or ""
    except ValueError:
        return ""
    return named if parts.netloc == host and "@" not in host else ""


def is_our_host(settings: Settings, host: str) -> bool:
    """Whether a Host header names this house: its public name, or this machine itself."""
    return host_name(host) in LOOPBACK_NAMES | {urlsplit(settings.public_url).hostname}


def is_our_origin(settings: Settings, origin: str, host: str) -> bool:
    """Whether a page of ``origin`` is ours: exactly scheme, host and port. ``host`` is the checked Host header."""
    if origin == settings.origin:
        return True
    return host_name(host) in LOOPBACK_NAMES and origin == f"http://{host}"
