"""What is kept of the rooms, from one session to the next."""

import asyncio
from pathlib import Path

import pytest

from tests.fake_homeserver import FakeHomeserver
from tests.networks.following import Following
from tests.networks.matrix.people import settled
from tests.networks.matrix.scripted import ROOM, Script, answer, event, followed, room, run
from webapp.networks.matrix import checkpoint
from webapp.networks.matrix.rooms import Rooms

pytestmark = pytest.mark.process  # together they take seconds


def test_a_damaged_file_is_thrown_away_and_everything_is_asked_for_again(tmp_path: Path) -> None:
    folder = tmp_path / "account"

    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.message("hi")
        assert script.asked[0].query.get("full_state") == full

    full = None
    script = Script(answer("s1", {ROOM: room(event("$1"))}))
    run(followed(tmp_path, script, look))
    assert (folder / "rooms.sqlite").stat().st_mode & 0o777 == 0o600
    for damage in (b"nonsense" * 1000, b""):
        for name in ("rooms.sqlite-wal", "rooms.sqlite-shm"):
            (folder / name).unlink(missing_ok=True)
        (folder / "rooms.sqlite").write_bytes(damage)
        full = "true"
        script = Script(answer("s2", {ROOM: room(event("$2"))}))
        run(followed(tmp_path, script, look, checkpoint.to_bytes("s1")))


def test_what_is_known_of_a_room_outlives_the_session(tmp_path: Path) -> None:
    async def work() -> None:
        rooms = Rooms(tmp_path)
        known = rooms.get(ROOM)
        known.name, known.encrypted, known.heroes = "Club", True, ["@a:b.org"]
        rooms.put(known)
        rooms.put_member(ROOM, "@a:b.org", ("Anna", "join"))
        rooms.put_stand_in(ROOM, "$2", "$1")
        rooms.put_note("direct", {"x": 1})
        await settled(rooms)
        await rooms.close()
        again = Rooms(tmp_path)
        assert again.get(ROOM) == known
        assert again.name_of(ROOM, "@a:b.org") == "Anna"
        assert [again.stand_in(ROOM, name) for name in ("$2", "$9")] == ["$1", "$9"]
        assert again.note("direct") == {"x": 1}
        await again.close()

    run(work())


def test_what_is_not_written_yet_is_not_forgotten_while_others_come(tmp_path: Path) -> None:
    async def work() -> None:
        rooms = Rooms(tmp_path)

        def name(first: int, last: int) -> None:
            for number in range(first, last):
                known = rooms.get(f"!r{number}:b.org")
                known.name = str(number)
                rooms.put(known)

        name(0, 700)
        writing = asyncio.create_task(settled(rooms))
        await asyncio.sleep(0)
        name(700, 1400)
        await writing
        assert [rooms.get(f"!r{number}:b.org").name for number in (0, 700)] == ["0", "700"]
        await settled(rooms)
        assert rooms.get("!r700:b.org").name == "700"
        await rooms.close()

    run(work())
