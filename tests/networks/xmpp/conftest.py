"""Sessions of the connector against the real server."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.networks.conftest import User
from tests.networks.following import Following
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.xmpp import network

Follow = Callable[..., Following]


@pytest.fixture
def follow(tmp_path: Path) -> Follow:
    """``follow(alice)`` makes a session of Alice that is not open yet; ``checkpoint`` and ``folder`` go on with one."""

    def make(user: User, checkpoint: bytes | None = None, folder: str = "") -> Following:
        prosody = user.prosody
        place = tmp_path / (folder or user.address)
        surroundings = Surroundings(tmp_path / "shared", place, prosody.ca_file, ("127.0.0.0/8",))
        secrets = {"password": user.password, "server": "127.0.0.1", "port": str(prosody.port)}
        return Following(network.session(Credentials(user.address, secrets), surroundings), checkpoint)

    return make
