"""Looking after keys with a homeserver that does what a test wants: cut off, refusing, sending the person elsewhere."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import vodozemac

from tests.fake_homeserver import Asked, FakeHomeserver, Told
from tests.networks.following import Following
from tests.networks.matrix.encryption.test_backup import FarBackup
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.errors import Refused
from webapp.networks.login import Form, Show, WrongInput
from webapp.networks.matrix import key_backup, network, upkeep
from webapp.networks.matrix.encryption.recovery_key import write
from webapp.networks.matrix.encryption.secrets import ALL
from webapp.networks.matrix.encryption.secrets import BACKUP as SECRET
from webapp.networks.matrix.encryption.work import Work
from webapp.networks.matrix.health import BACKUP, IDENTITY, SET_UP, UNLOCK
from webapp.networks.matters import Condition, Matter, MattersChanged

pytestmark = pytest.mark.process  # together they take seconds

ME, ROOM, KEY = "@me:b.org", "!room:b.org", b"k" * 32
CLIENT = "/_matrix/client/v3"
VERSION, KEYS = f"{CLIENT}/room_keys/version", f"{CLIENT}/room_keys/keys"
SIGNING = f"{CLIENT}/keys/device_signing/upload"
MANY = 200


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "PAUSE", 0.01)
    monkeypatch.setattr(upkeep, "LATER", 0.2)


def around(folder: Path) -> Surroundings:
    return Surroundings(folder / "shared", folder / "account", None, ("127.0.0.0/8",), key=KEY)


def run(
    folder: Path, prepare: Callable[[FakeHomeserver], None], look: Callable[..., Coroutine[Any, Any, None]]
) -> None:
    """Follow a session of a homeserver that ``prepare`` has told what to say."""

    async def sync(asked: Asked) -> Told:
        if "since" in asked.query:
            await asyncio.sleep(30)
        return Told({"next_batch": "s1"})

    async def work() -> None:
        async with FakeHomeserver() as fake:
            fake.answers["GET", f"{CLIENT}/account/whoami"] = Told({"user_id": ME, "device_id": "D"})
            fake.answers["GET", f"{CLIENT}/sync"] = sync
            for path in ("keys/upload", "keys/query", "keys/signatures/upload"):
                fake.answers["POST", f"{CLIENT}/{path}"] = Told({})
            prepare(fake)
            credentials = Credentials(ME, {"homeserver": fake.url, "token": "t", "device": "D"})
            async with Following(network.session(credentials, around(folder))) as seen:
                await look(seen, fake)

    asyncio.run(work())


def unlocked(folder: Path, far: FarBackup) -> None:
    """This device has the key of the backup."""
    work = Work(around(folder).folder, KEY, ME, "D")
    work.own.backup.note(far.told())
    assert work.own.keep(SECRET, far.secret)
    work.close()


def whole(far: FarBackup) -> dict[str, Any]:
    """What the homeserver has of the backup."""
    groups = [vodozemac.GroupSession() for _ in range(MANY)]
    return {"rooms": {ROOM: {"sessions": {one.session_id: far.entry(one) for one in groups}}}}


def told(seen: Following, key: str) -> list[Matter]:
    """All that was told of a matter."""
    return [one for event in seen.events(MattersChanged) for one in event.matters if one.key == key]


async def until_told(seen: Following, key: str, condition: Condition) -> Matter:
    await seen.until(lambda: told(seen, key)[-1:] and told(seen, key)[-1].condition is condition)
    return told(seen, key)[-1]


def held(seen: Following) -> Coroutine[Any, Any, int]:
    """How many room keys are here."""
    keys = seen.session._open_line().keys  # type: ignore[attr-defined]  # the session of this network
    count: Coroutine[Any, Any, int] = keys.own(
        lambda own: own._store._execute("SELECT count(*) FROM own_room_key", ())[0][0]
    )
    return count


def test_reading_a_backup_that_was_cut_off_goes_on_and_tells_how_far_it_is(tmp_path: Path) -> None:
    far = FarBackup()
    unlocked(tmp_path, far)
    text = json.dumps(whole(far)).encode()
    halves = [text[: len(text) // 2], text]

    def prepare(fake: FakeHomeserver) -> None:
        fake.answers["GET", VERSION] = Told({**far.told(), "count": MANY})
        fake.answers["GET", KEYS] = lambda _: Told(halves.pop(0) if halves else b"{}")

    async def look(seen: Following, fake: FakeHomeserver) -> None:
        await seen.until(lambda: len(fake.asked_for(KEYS)) == 1)
        await until_told(seen, BACKUP, Condition.GOOD)
        assert await held(seen) == MANY
        assert [one.query["version"] for one in fake.asked_for(KEYS)] == ["1", "1"]
        values = [one.text.values for one in told(seen, BACKUP) if one.condition is Condition.WORKING]
        assert {"done": key_backup.AT_ONCE, "all": MANY} in values

    run(tmp_path, prepare, look)


def test_a_backup_that_was_read_to_its_end_is_not_read_again(tmp_path: Path) -> None:
    far = FarBackup()
    unlocked(tmp_path, far)

    def prepare(fake: FakeHomeserver) -> None:
        fake.answers["GET", VERSION] = Told(far.told())
        fake.answers["GET", KEYS] = Told(whole(far))

    async def once(seen: Following, _: FakeHomeserver) -> None:
        await until_told(seen, BACKUP, Condition.GOOD)

    async def again(seen: Following, fake: FakeHomeserver) -> None:
        await until_told(seen, BACKUP, Condition.GOOD)
        assert fake.asked_for(KEYS) == []

    run(tmp_path, prepare, once)
    run(tmp_path, prepare, again)


def test_keys_that_were_set_up_in_another_program_meanwhile_are_noticed(tmp_path: Path) -> None:
    far, happens = FarBackup(), asyncio.Event()

    async def sync(asked: Asked) -> Told:
        if asked.query.get("since") == "s1":
            await happens.wait()
            event = {"type": "m.secret_storage.default_key", "content": {"key": "k"}}
            return Told({"next_batch": "s2", "account_data": {"events": [event]}})
        if "since" in asked.query:
            await asyncio.sleep(30)
        return Told({"next_batch": "s1"})

    def prepare(fake: FakeHomeserver) -> None:
        fake.answers["GET", f"{CLIENT}/sync"] = sync

    async def look(seen: Following, fake: FakeHomeserver) -> None:
        await seen.until(lambda: told(seen, BACKUP))
        fake.answers["GET", VERSION] = Told(far.told())
        happens.set()
        await seen.until(lambda: told(seen, BACKUP)[-1] != told(seen, BACKUP)[0])

    run(tmp_path, prepare, look)


def test_a_backup_that_takes_nothing_is_told_with_the_reason(tmp_path: Path) -> None:
    far = FarBackup()
    unlocked(tmp_path, far)
    work = Work(around(tmp_path).folder, KEY, ME, "D")
    work.own.backup.note_restored("1")
    work.note_encrypted({ROOM: [{}]})
    work.note_members(ROOM, frozenset())
    with work._store.transaction():
        work._speaking._current(ROOM, work._speaking._people[ROOM])  # a key of ours
    work.close()

    def prepare(fake: FakeHomeserver) -> None:
        fake.answers["GET", VERSION] = Told(far.told())
        fake.answers["PUT", KEYS] = Told({"errcode": "M_TOO_LARGE", "error": "full"}, 413)

    async def look(seen: Following, fake: FakeHomeserver) -> None:
        found = await until_told(seen, BACKUP, Condition.ASKS)
        assert "reason" in found.text.values

    run(tmp_path, prepare, look)


def test_a_homeserver_without_backups_and_without_account_data_is_no_trouble(tmp_path: Path) -> None:
    async def look(seen: Following, _: FakeHomeserver) -> None:
        assert (await until_told(seen, IDENTITY, Condition.ASKS)).task == SET_UP
        assert (await until_told(seen, BACKUP, Condition.OFF)).task == ""

    run(tmp_path, lambda _: None, look)


def test_what_was_told_before_stands_until_it_is_known_anew(tmp_path: Path) -> None:
    """A matter that went and came back with each connection would flicker above the inbox."""

    async def look(seen: Following, _: FakeHomeserver) -> None:
        await until_told(seen, IDENTITY, Condition.ASKS)
        assert seen.events(MattersChanged)[0].matters

    run(tmp_path, lambda _: None, look)


def test_where_the_homeserver_says_nothing_of_keys_other_matters_are_told_all_the_same(tmp_path: Path) -> None:
    def prepare(fake: FakeHomeserver) -> None:
        fake.answers["GET", VERSION] = Told(b"<html>", 502)

    async def look(seen: Following, _: FakeHomeserver) -> None:
        await seen.event(MattersChanged)
        assert told(seen, IDENTITY) == []

    run(tmp_path, prepare, look)


def wants(*stages: str) -> Callable[[Asked], Told]:
    """A homeserver that wants to be sure who is asking, and is content with whatever comes."""

    def answer(asked: Asked) -> Told:
        flows = {"session": "x/&y", "flows": [{"stages": [one]} for one in stages], "params": {}}
        return Told({}) if "auth" in json.loads(asked.body) else Told(flows, 401)

    return answer


def test_who_signs_in_elsewhere_goes_there_again_and_comes_back(tmp_path: Path) -> None:
    def prepare(fake: FakeHomeserver) -> None:
        fake.answers["POST", SIGNING] = wants("m.login.other", "m.login.sso")

    async def look(seen: Following, fake: FakeHomeserver) -> None:
        dialogue = await seen.session.begin(SET_UP)
        await dialogue.start()
        step = await dialogue.submit({"button": "go"})
        assert isinstance(step, Show)
        assert step.link == f"{fake.url}{CLIENT}/auth/m.login.sso/fallback/web?session=x%2F%26y"
        with pytest.raises(Refused):  # what follows, this homeserver does not know
            await dialogue.submit({"button": "back"})
        bodies = [json.loads(one.body) for one in fake.asked_for(SIGNING)]
        assert [body.get("auth") for body in bodies] == [None, {"session": "x/&y"}]
        assert bodies[0]["master_key"] == bodies[1]["master_key"]

    run(tmp_path, prepare, look)


def test_the_password_goes_along_once_and_is_kept_nowhere(tmp_path: Path) -> None:
    def prepare(fake: FakeHomeserver) -> None:
        fake.answers["POST", SIGNING] = wants("m.login.sso", "m.login.password")

    async def look(seen: Following, fake: FakeHomeserver) -> None:
        dialogue = await seen.session.begin(SET_UP)
        await dialogue.start()
        assert isinstance(await dialogue.submit({"button": "go"}), Form)
        with pytest.raises(WrongInput):
            await dialogue.submit({"password": ""})
        with pytest.raises(Refused):  # what follows, this homeserver does not know
            await dialogue.submit({"password": "pumpkin soup"})
        auth = json.loads(fake.asked_for(SIGNING)[-1].body)["auth"]
        assert auth["identifier"] == {"type": "m.id.user", "user": ME}
        assert (auth["type"], auth["password"], auth["session"]) == ("m.login.password", "pumpkin soup", "x/&y")
        for file in around(tmp_path).folder.iterdir():
            assert b"pumpkin soup" not in file.read_bytes()
        assert "pumpkin soup" not in repr(vars(dialogue))

    run(tmp_path, prepare, look)


DATA = f"{CLIENT}/user/%40me%3Ab.org/account_data"
ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2"


@pytest.mark.parametrize("default", [{}, {"key": 5}, {"key": ""}, {"key": "x" * 5000}, {"key": "k"}])
def test_where_what_is_locked_makes_no_sense_there_is_nothing_to_unlock(tmp_path: Path, default: object) -> None:
    def prepare(fake: FakeHomeserver) -> None:
        fake.answers["GET", f"{DATA}/m.secret_storage.default_key"] = Told(default)

    async def look(seen: Following, _: FakeHomeserver) -> None:
        dialogue = await seen.session.begin(UNLOCK)
        with pytest.raises(Refused):
            await dialogue.start()

    run(tmp_path, prepare, look)


@pytest.mark.parametrize(
    "description",
    [
        {"algorithm": 5},
        {"algorithm": ALGORITHM},
        {"algorithm": ALGORITHM, "iv": 5, "mac": []},
        {"algorithm": ALGORITHM, "iv": "AAAA", "mac": "AAAA", "passphrase": 5},
        {"algorithm": ALGORITHM, "passphrase": {"algorithm": "m.pbkdf2", "salt": "s", "iterations": 10**12}},
        {"algorithm": ALGORITHM, "passphrase": {"algorithm": "m.pbkdf2", "salt": {}, "iterations": "x", "bits": []}},
    ],
)
@pytest.mark.parametrize("secret", [{}, {"encrypted": 5}, {"encrypted": {"k": 5}}, {"encrypted": {"k": {"iv": []}}}])
def test_a_homeserver_that_tells_nonsense_about_locked_keys_is_told_in_words(
    tmp_path: Path, description: object, secret: object
) -> None:
    def prepare(fake: FakeHomeserver) -> None:
        fake.answers["GET", f"{DATA}/m.secret_storage.default_key"] = Told({"key": "k"})
        fake.answers["GET", f"{DATA}/m.secret_storage.key.k"] = Told(description)
        for name in ALL:
            fake.answers["GET", f"{DATA}/{name}"] = Told(secret)

    async def look(seen: Following, _: FakeHomeserver) -> None:
        dialogue = await seen.session.begin(UNLOCK)
        assert isinstance(await dialogue.start(), Form)
        for typed in (write(bytes(32)), "grandmother's soup"):
            with pytest.raises(WrongInput):
                await dialogue.submit({"key": typed})

    run(tmp_path, prepare, look)
