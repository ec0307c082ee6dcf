"""Setting up and unlocking keys, with the library below Element on the other side."""

import pytest

from tests.element import Device, Element
from tests.networks.following import Following
from tests.networks.matrix.dialogues import begun, set_up, unlock
from tests.networks.matrix.keyed import Keyed, do, far_device, until
from tests.networks.matrix.people import PASSWORD, Person
from webapp.networks.errors import Refused
from webapp.networks.login import Finished, Form, Show, WrongInput
from webapp.networks.matrix.encryption.recovery_key import write
from webapp.networks.matrix.tasks import SET_UP, START_ANEW, UNLOCK

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180), pytest.mark.anyio]


def ours(far: Device, who: Person, seen: Following) -> dict[str, object]:
    """How another device sees ours."""
    mine = seen.session._open_line().device  # type: ignore[attr-defined]
    return next((one for one in far.do("devicesOf", user=who.user) if one["id"] == mine), {})


async def until_ours_is_signed(far: Device, who: Person, seen: Following) -> None:
    await until(far, lambda: ours(far, who, seen).get("signedByOwner"))


@pytest.mark.parametrize("phrase", ["", "grandmother's pumpkin soup"])
async def test_keys_that_element_set_up_are_unlocked_here_and_our_device_is_verified(
    alice: Person, element: Element, keyed: Keyed, phrase: str
) -> None:
    phone = await far_device(element, alice)
    key = await do(phone, "setUpKeys", **({"passphrase": phrase} if phrase else {}))
    async with keyed(alice) as seen:
        await unlock(seen, key)
        await until_ours_is_signed(phone, alice, seen)
        assert ours(phone, alice, seen)["verified"]
        if phrase:
            await unlock(seen, phrase)


async def test_keys_that_we_set_up_are_unlocked_by_element_and_our_device_is_verified_there(
    alice: Person, element: Element, keyed: Keyed
) -> None:
    async with keyed(alice) as seen:
        key = await set_up(seen)
        phone = await far_device(element, alice)
        await until_ours_is_signed(phone, alice, seen)
        await do(phone, "unlock", recoveryKey=key)
        status = await do(phone, "status")
        assert status == {"crossSigning": True, "secretStorage": True, "backup": "1"}
        assert ours(phone, alice, seen)["verified"]


async def test_a_second_device_of_ours_is_unlocked_with_our_own_recovery_key(
    alice: Person, element: Element, keyed: Keyed
) -> None:
    async with keyed(alice) as seen:
        key = await set_up(seen)
    async with keyed(alice, device="second") as second:
        with pytest.raises(Refused):
            await begun(second, SET_UP)
        await unlock(second, key)
        phone = await far_device(element, alice)
        await until_ours_is_signed(phone, alice, second)


async def test_a_wrong_recovery_key_is_told_in_words_and_fetches_nothing(
    alice: Person, element: Element, keyed: Keyed
) -> None:
    phone = await far_device(element, alice)
    key = await do(phone, "setUpKeys")
    async with keyed(alice) as seen:
        dialogue, _ = await begun(seen, UNLOCK)
        other = write(b"another key, of another account.")
        typo = key[:-1] + ("a" if key[-1] != "a" else "b")
        for typed in ("", "soup", typo, other, key[5:]):
            with pytest.raises(WrongInput) as wrong:
                await dialogue.submit({"key": typed})
            assert wrong.value.field == "key"
        assert await seen.session._open_line().keys.own(lambda own: own.secrets()) == {}  # type: ignore[attr-defined]
        assert isinstance(await dialogue.submit({"key": f"  {key}\n"}), Finished)


async def test_there_is_nothing_to_unlock_where_nothing_is_locked(alice: Person, keyed: Keyed) -> None:
    async with keyed(alice) as seen:
        with pytest.raises(Refused):
            await begun(seen, UNLOCK)
        with pytest.raises(Refused):
            await seen.session.begin("keys:something")


async def test_who_has_lost_everything_starts_with_new_keys_and_is_asked_for_the_password(
    alice: Person, element: Element, keyed: Keyed
) -> None:
    old = await far_device(element, alice)
    await do(old, "setUpKeys")
    async with keyed(alice) as seen:
        dialogue, _ = await begun(seen, START_ANEW)
        assert isinstance(await dialogue.submit({"button": "go"}), Form)
        for wrong in ("", "not it"):
            with pytest.raises(WrongInput) as told:
                await dialogue.submit({"password": wrong})
            assert told.value.field == "password"
        step = await dialogue.submit({"password": PASSWORD})
        assert isinstance(step, Show)
        phone = await far_device(element, alice, "phone")
        await do(phone, "unlock", recoveryKey=str(step.lines[0]))
        assert ours(phone, alice, seen)["verified"]
