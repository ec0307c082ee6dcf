"""One folder a network. They are found by scanning: adding one changes no file outside its folder.

``contract`` says what such a folder offers, ``events`` what comes in, ``actions`` what goes out, ``login`` how a person
signs in, ``capabilities`` what the screen may offer, ``errors`` the three kinds of trouble. ``reach`` and ``trust`` are
for all of them: which servers may be reached, and whose certificates count. A folder without a ``network`` is being
built: nobody sees it.
"""

import importlib
import pkgutil
from functools import cache

from webapp.networks.contract import Network


@cache
def networks() -> dict[str, Network]:
    """Every network found below this folder, by key, sorted by label."""
    folders = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__) if m.ispkg]
    found: list[Network] = [folder.network for folder in folders if hasattr(folder, "network")]
    return {network.key: network for network in sorted(found, key=lambda network: network.label)}


def network(key: str) -> Network | None:
    """The network with this key, None if there is none (any more)."""
    return networks().get(key)
