"""Where a sign-in may lead (S28): to a page of ours, never to another site."""

import re

SAFE = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f]*")
LONGEST = 2000


def safe_path(wanted: str) -> str:
    """``wanted`` if it is a path of this house, else the inbox."""
    return wanted if len(wanted) <= LONGEST and SAFE.fullmatch(wanted) else "/"
