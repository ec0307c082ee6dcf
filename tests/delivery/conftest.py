from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.matrix_scene import MatrixScene
from tests.delivery.scene import PASSWORD, Scene
from tests.delivery.xmpp_scene import XmppScene
from tests.element import Element
from tests.far_side import Background
from tests.fault_proxy import FaultProxy
from tests.program import Program
from tests.prosody import Prosody
from tests.synapse import Synapse
from tests.visitor import Visitor


@pytest.fixture
def program(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Program]:
    """The real program, not started; ``pytest.mark.program("a.module")`` has it started by that one."""
    made = Program(tmp_path / "house", HAUSBOTE_PRIVATE_SERVERS="127.0.0.1")
    starter = request.node.get_closest_marker("program")
    made.module = starter.args[0] if starter else made.module
    yield made
    made.stop()


@pytest.fixture
def xmpp_scene(tmp_path: Path, program: Program) -> Iterator[XmppScene]:
    background = Background()
    with Prosody(tmp_path / "prosody") as prosody:
        program.environment["HAUSBOTE_EXTRA_CA_FILE"] = str(prosody.ca_file)
        program.start()
        try:
            with Visitor(program.url) as alice:
                alice.set_up("Alice", PASSWORD)
                made = XmppScene(program, prosody, alice, background)
                yield made
                made.end()
        finally:
            background.stop()


@pytest.fixture
def matrix_scene(program: Program) -> Iterator[MatrixScene]:
    with Synapse() as synapse, Element() as element:
        program.start()
        with Visitor(program.url) as alice:
            alice.set_up("Alice", PASSWORD)
            made = MatrixScene(program, synapse, element, alice)
            yield made
            made.end()


@pytest.fixture
def proxied(program: Program) -> Iterator[tuple[MatrixScene, FaultProxy]]:
    """The scene with something between the house and the homeserver that may answer in its place."""
    with Synapse() as synapse, Element() as element, FaultProxy(synapse.url) as proxy:
        program.start()
        with Visitor(program.url) as alice:
            alice.set_up("Alice", PASSWORD)
            scene = MatrixScene(program, synapse, element, alice, proxy.url)
            yield scene, proxy
            scene.end()


@pytest.fixture(params=["xmpp", "matrix"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """The scene on each network, one after the other."""
    made: Scene = request.getfixturevalue(f"{request.param}_scene")
    return made
