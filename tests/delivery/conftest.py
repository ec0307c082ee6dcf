from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.scene import PASSWORD, Scene
from tests.far_side import Background
from tests.program import Program
from tests.prosody import Prosody
from tests.visitor import Visitor


@pytest.fixture
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """The real program; ``pytest.mark.program("a.module")`` has it started by that one."""
    background = Background()
    with Prosody(tmp_path / "prosody") as prosody:
        program = Program(
            tmp_path / "house",
            HAUSBOTE_EXTRA_CA_FILE=str(prosody.ca_file),
            HAUSBOTE_PRIVATE_SERVERS="127.0.0.1",
        )
        starter = request.node.get_closest_marker("program")
        program.module = starter.args[0] if starter else program.module
        program.start()
        try:
            with Visitor(program.url) as alice:
                alice.set_up("Alice", PASSWORD)
                made = Scene(program, prosody, alice, background)
                yield made
                made.end()
        finally:
            program.stop()
            background.stop()
