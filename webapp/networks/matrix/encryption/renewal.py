"""Keys that came out of a backup of the house: they go on as those of a new device.

An Olm session that is set back would encrypt a second time with keys that were used, and could not read what came in
between; others take that for an attack. Room keys are only read with: they stay, as do the person's own keys.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

FILE = "keys.sqlite"


def device_in(folder: Path) -> str:
    """Whose keys lie in this folder; empty if there are none, or none that can be read."""
    if not (folder / FILE).exists():
        return ""
    try:
        with closing(sqlite3.connect(folder / FILE, timeout=10)) as rows:
            found = rows.execute("SELECT device_id FROM accounts").fetchone()
    except sqlite3.DatabaseError:
        return ""
    return str(found[0]) if found else ""


def renew(folder: Path, key: bytes, user: str, before: str, device: str) -> None:
    """Make the keys of the device ``before`` those of the new ``device``. Raises StoreBroken, StoreStuck."""
    from webapp.networks.matrix.encryption.store import Store  # late: it brings 50 MB with it

    Store.open(folder, key, user, before).become(device)
