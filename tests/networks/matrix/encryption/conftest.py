"""What tests of keys share: our device, Bob's, and the server between them."""

import pytest

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_server import FarServer
from tests.networks.matrix.encryption.two_devices import begun


@pytest.fixture
def bob():
    return FarDevice()


@pytest.fixture
def server(bob):
    return FarServer(bob)


@pytest.fixture
def work(tmp_path, server):
    work = begun(tmp_path, server)
    yield work
    work.close()
