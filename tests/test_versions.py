"""Libraries are at least as new as the mends that we count on, here and in what is installed elsewhere (S22)."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

FLOORS = {
    "starlette": "1.3.1",  # CVE-2024-47874, CVE-2025-54121, CVE-2025-62727, GHSA-86qp-5c8j-p5mr
    "python-multipart": "0.0.26",  # CVE-2024-24762, CVE-2024-53981, CVE-2026-24486, CVE-2026-40347
    "jinja2": "3.1.6",  # CVE-2024-22195, CVE-2024-34064, CVE-2024-56201, CVE-2024-56326, CVE-2025-27516
    "slixmpp": "1.8.3",  # CVE-2022-45197
    "python-jose": "3.5.0",  # CVE-2024-33663, CVE-2024-33664; the rest is held off by tokens
    "cryptography": "44.0.1",
    "h11": "0.16.0",  # CVE-2025-43859
    "matrix-nio": "0.20.0",  # CVE-2022-39254
    "vodozemac": "0.10.0",  # the first that has what nio asks of it
    "pillow": "13.0",  # 51 advisories before; what is foreign only meets it in a process of its own
    "nh3": "0.3.8",  # the one that the lists of tests/nasty.py were tried on
    "aiohttp": "3.13.3",  # CVE-2025-53643, CVE-2025-69223 to CVE-2025-69230
}
ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(("library", "floor"), FLOORS.items())
def test_what_runs_is_new_enough(library, floor):
    assert Version(version(library)) >= Version(floor)


@pytest.mark.parametrize(("library", "floor"), FLOORS.items())
def test_what_is_locked_is_new_enough(library, floor):
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    locked = re.search(rf"^{library}(?:\[[\w,]+\])?==([\w.]+)", lock, re.MULTILINE)
    assert locked, library
    assert Version(locked[1]) >= Version(floor)


def test_the_library_with_the_broken_ratchet_is_not_there():
    """libolm: CVE-2024-45191, CVE-2024-45192, CVE-2024-45193."""
    assert "python-olm" not in (ROOT / "requirements.lock").read_text("utf-8")
