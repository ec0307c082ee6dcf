"""How it is with the keys, in words: for every state one sentence, and the button that helps."""

import pytest

from webapp.languages import N_, Sentence
from webapp.networks.matrix.comparing import WITH_OWN
from webapp.networks.matrix.encryption.standing import BackupState, Standing
from webapp.networks.matrix.health import (
    BACKUP,
    ELSEWHERE,
    IDENTITY,
    LOST,
    OWN_DEVICES,
    SET_UP,
    START_ANEW,
    UNLOCK,
    UNREADABLE,
    Health,
    matters,
)
from webapp.networks.matters import Condition
from webapp.networks.sealing import Trust

HELD = frozenset(f"m.cross_signing.{use}" for use in ("master", "self_signing", "user_signing"))
NOTHING = Standing(Trust.UNKNOWN, False, frozenset(), 0, BackupState.NONE, 0)
LOCKED = Standing(Trust.UNCONFIRMED, False, frozenset(), 0, BackupState.LOCKED, 0)
WELL = Standing(Trust.CONFIRMED, True, HELD, 0, BackupState.OPEN, 0)


def but(standing: Standing, **other: object) -> Standing:
    return Standing(**{**{name: getattr(standing, name) for name in Standing.__dataclass_fields__}, **other})


def told(standing: Standing, *, locked: bool = True, **more: object) -> dict[str, tuple[str, str, bool]]:
    """By key: condition, task, urgent; but for the devices, which are told of in every state."""
    found = matters(Health(standing, locked, **more))
    return {one.key: (one.condition.value, one.task, one.urgent) for one in found if one.key != OWN_DEVICES}


@pytest.mark.parametrize(
    ("standing", "locked", "expected"),
    [
        (NOTHING, False, {IDENTITY: ("asks", SET_UP, False), BACKUP: ("off", "", False)}),
        (
            LOCKED,
            True,
            {IDENTITY: ("act", UNLOCK, True), LOST: ("asks", START_ANEW, False), BACKUP: ("asks", UNLOCK, False)},
        ),
        (
            but(LOCKED, backup=BackupState.NONE),
            False,
            {IDENTITY: ("act", "", True), LOST: ("asks", START_ANEW, False), BACKUP: ("off", "", False)},
        ),
        (WELL, True, {IDENTITY: ("good", "", False), BACKUP: ("good", "", False)}),
        (WELL, False, {IDENTITY: ("asks", SET_UP, False), BACKUP: ("good", "", False)}),
        (but(WELL, device=False), True, {IDENTITY: ("working", "", False), BACKUP: ("good", "", False)}),
        (but(WELL, backup=BackupState.NONE), True, {IDENTITY: ("good", "", False), BACKUP: ("asks", SET_UP, False)}),
        (
            but(LOCKED, backup=BackupState.FOREIGN),
            True,
            {IDENTITY: ("act", UNLOCK, True), LOST: ("asks", START_ANEW, False), BACKUP: ("off", "", False)},
        ),
        (but(WELL, backup=BackupState.FOREIGN), True, {IDENTITY: ("good", "", False), BACKUP: ("asks", SET_UP, False)}),
        (but(WELL, behind=3), True, {IDENTITY: ("good", "", False), BACKUP: ("working", "", False)}),
        (
            but(WELL, identity=Trust.CHANGED, secrets=frozenset(), backup=BackupState.FOREIGN),
            True,
            {IDENTITY: ("act", UNLOCK, True), BACKUP: ("asks", "", False)},
        ),
        (
            but(WELL, identity=Trust.CHANGED, secrets=frozenset(), backup=BackupState.FOREIGN),
            False,
            {IDENTITY: ("act", START_ANEW, True), BACKUP: ("asks", "", False)},
        ),
    ],
)
def test_each_state_has_its_matters(
    standing: Standing, locked: bool, expected: dict[str, tuple[str, str, bool]]
) -> None:
    assert told(standing, locked=locked) == expected


def test_messages_that_cannot_be_read_are_counted_and_unlocking_is_offered_where_it_helps() -> None:
    assert told(but(WELL, unreadable=2))[UNREADABLE] == ("asks", "", False)
    assert told(but(LOCKED, unreadable=1))[UNREADABLE] == ("asks", UNLOCK, False)
    words = [
        next(one.text for one in matters(Health(but(WELL, unreadable=count), True)) if one.key == UNREADABLE)
        for count in (1, 2)
    ]
    assert words[0].msgid != words[1].msgid
    assert words[1].values == {"count": 2}


def test_another_device_of_ours_can_confirm_this_one() -> None:
    assert told(but(LOCKED, others=True))[ELSEWHERE] == ("asks", WITH_OWN, False)
    assert told(but(LOCKED, others=True), locked=False)[IDENTITY] == ("act", WITH_OWN, True)
    assert ELSEWHERE not in told(but(WELL, others=True))


def test_restoring_and_a_backup_that_takes_nothing_are_told() -> None:
    expected = {
        IDENTITY: ("good", "", False),
        BACKUP: ("working", "", False),
        UNREADABLE: ("working", "", False),
    }
    for restoring in (None, (5, 10)):
        assert told(but(WELL, unreadable=2, to_restore=True), restoring=restoring) == expected
    why = Sentence(N_("The homeserver refused."))
    assert told(WELL, broken=why)[BACKUP] == ("asks", "", False)


def test_every_task_has_a_button_and_nothing_else_has() -> None:
    for standing in (NOTHING, LOCKED, WELL, but(WELL, backup=BackupState.FOREIGN)):
        for locked in (True, False):
            for one in matters(Health(standing, locked)):
                assert bool(one.task) == (one.button is not None)
                assert not one.task or one.condition in {Condition.ASKS, Condition.ACT} or one.task == OWN_DEVICES


@pytest.mark.parametrize(
    ("standing", "condition", "count"),
    [
        (but(WELL, devices=0), "good", None),
        (WELL, "good", None),
        (but(WELL, devices=3), "good", 3),
        (but(WELL, devices=3, doubtful=1), "asks", 1),
        (but(WELL, devices=3, doubtful=2), "asks", 2),
        (but(LOCKED, devices=3, doubtful=2), "off", 3),
        (but(NOTHING, devices=2, doubtful=2), "off", 2),
        (but(WELL, device=False, devices=2, doubtful=1), "off", 2),
    ],
)
def test_a_device_that_is_not_confirmed_is_asked_about_where_that_can_be_told(
    standing: Standing, condition: str, count: int | None
) -> None:
    (one,) = (matter for matter in matters(Health(standing, True)) if matter.key == OWN_DEVICES)
    assert (one.condition.value, one.task, one.urgent) == (condition, OWN_DEVICES, False)
    assert one.text.values.get("count") == count
