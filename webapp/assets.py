"""The files that browsers load: read once, compressed once, named by their content.

A name carries the hash of what is in it (``css/app-1f3a….css``), so a browser may keep it for ever and still never
sees an old one.
"""

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "static"

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
}


@dataclass(frozen=True)
class Asset:
    """One file. ``name`` is its address after ``/static/``; ``packed`` is it as gzip, None where that gains nothing."""

    name: str
    kind: str
    body: bytes
    packed: bytes | None


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    place = path.relative_to(FOLDER)
    name = place.with_name(f"{place.stem}-{sha256(body).hexdigest()[:10]}{place.suffix}").as_posix()
    packed = gzip.compress(body, 9, mtime=0)
    return Asset(name, KINDS[path.suffix], body, packed if len(packed) < len(body) else None)


@cache
def assets() -> dict[str, Asset]:
    """Every file below ``static``, by its path there."""
    files = (path for path in sorted(FOLDER.rglob("*")) if path.suffix in KINDS and path.is_file())
    return {path.relative_to(FOLDER).as_posix(): _asset(path) for path in files}


@cache
def by_name() -> dict[str, Asset]:
    """The same files by the names that addresses use."""
    return {asset.name: asset for asset in assets().values()}


def static_url(path: str) -> str:
    """The address of a file below ``static``; KeyError for one that does not exist."""
    return f"/static/{assets()[path].name}"
