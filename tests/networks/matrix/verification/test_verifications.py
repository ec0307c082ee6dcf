"""Which message belongs to which verification, and who may say something in it: without any server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.networks.matrix.encryption.far_device import FarDevice
from tests.networks.matrix.encryption.far_server import FarServer
from tests.networks.matrix.encryption.makers import ALICE, DEVICE, KEY, ROOM
from webapp.networks.matrix.encryption.tables import now
from webapp.networks.matrix.encryption.work import Work
from webapp.networks.matrix.verification import verifications
from webapp.networks.matrix.verification.seen import NobodyThere, Phase, Seen, Spoken, ToSay

BOB, MALLORY = "@bob:house.test", "@mallory:house.test"
Sent = list[tuple[str, str, str, dict[str, Any]]]


class Server(FarServer):
    """Takes letters of verifications, too."""

    def __init__(self, *devices: FarDevice) -> None:
        super().__init__(*devices)
        self.sent: Sent = []

    def answer(self, request: Any) -> dict[str, Any]:
        if "m.key.verification" not in request.path:
            return super().answer(request)
        kind = request.path.split("/")[-2].removeprefix("m.key.verification.")
        for user, devices in request.body["messages"].items():
            self.sent += [(kind, user, device, content) for device, content in devices.items()]
        return {}


@pytest.fixture
def server() -> Server:
    return Server(FarDevice(), FarDevice(ALICE, "TABLET"))


@pytest.fixture
def work(tmp_path: Path, server: Server) -> Iterator[Work]:
    running = Work(tmp_path, KEY, ALICE, DEVICE)
    server.settle(running)
    yield running
    running.close()


def request(device: str = "BOBSPHONE", **more: Any) -> dict[str, Any]:
    return {"from_device": device, "methods": ["m.sas.v1"], "timestamp": int(now() * 1000), **more}


def letter(step: str, content: dict[str, Any], sender: str = BOB, transaction: str = "t1") -> dict[str, Any]:
    whole = {**content, "transaction_id": transaction}
    return {"type": f"m.key.verification.{step}", "sender": sender, "content": whole}


def take(work: Work, *letters: dict[str, Any]) -> None:
    work.take(letters, {}, {"signed_curve25519": 50}, None)


def seen(work: Work) -> list[Seen]:
    return work.verification(lambda all_: all_.seen())


def hear(work: Work, *events: Spoken) -> None:
    work.verification(lambda all_: all_.hear(ROOM, events))


def asks(sender: str = BOB, event: str = "$asked", at: float | None = None, **more: Any) -> Spoken:
    content = {"msgtype": "m.key.verification.request", "to": ALICE, "body": "…", **request(), **more}
    return Spoken(event, sender, "m.room.message", content, now() if at is None else at)


def step(kind: str, sender: str = BOB, event: str = "$asked", **content: Any) -> Spoken:
    related = {"m.relates_to": {"rel_type": "m.reference", "event_id": event}, **content}
    return Spoken(f"${kind}", sender, f"m.key.verification.{kind}", related, now())


def to_say(work: Work) -> list[ToSay]:
    return work.verification(lambda all_: all_.to_say())


def test_a_question_waits_until_the_devices_of_whoever_asks_are_known(work: Work, server: Server) -> None:
    take(work, letter("request", request()))
    assert seen(work) == []
    server.settle(work)
    [one] = seen(work)
    assert (one.user, one.device, one.phase) == (BOB, "BOBSPHONE", Phase.ASKED)


def test_the_same_question_and_a_newer_one_are_one(work: Work, server: Server) -> None:
    take(work, letter("request", request()), letter("request", request(), transaction="t2"))
    server.settle(work)
    assert [one.phase for one in seen(work)] == [Phase.CANCELLED, Phase.ASKED]
    hear(work, asks(), asks())
    assert len(seen(work)) == 3


def test_nobody_else_can_say_anything_in_a_verification(work: Work, server: Server) -> None:
    take(work, letter("request", request()))
    server.settle(work)
    take(work, letter("cancel", {"code": "m.user"}, sender=MALLORY))
    hear(work, step("cancel", event="t1", code="m.user"))
    server.settle(work)
    assert [one.phase for one in seen(work)] == [Phase.ASKED]


def test_a_room_is_not_another_room(work: Work, server: Server) -> None:
    hear(work, asks())
    server.settle(work)
    work.verification(lambda all_: all_.hear("!other:house.test", [step("cancel", code="m.user")]))
    assert [one.phase for one in seen(work)] == [Phase.ASKED]


def test_a_question_to_somebody_else_and_an_old_one_are_none_for_us(work: Work, server: Server) -> None:
    hear(work, asks(to=MALLORY), asks(event="$old", at=now() - 700))
    server.settle(work)
    assert seen(work) == []


def test_what_our_other_device_answers_in_a_room_is_over_here(work: Work, server: Server) -> None:
    hear(work, asks())
    server.settle(work)
    hear(work, step("ready", sender=ALICE, from_device="TABLET"))
    assert [(one.phase, one.code) for one in seen(work)] == [(Phase.CANCELLED, "m.accepted")]


def test_whoever_goes_on_with_what_we_do_not_know_is_told(work: Work, server: Server) -> None:
    take(work, letter("start", {"from_device": "BOBSPHONE"}), letter("key", {"key": "A"}))
    server.settle(work)
    [(kind, user, device, content)] = server.sent
    assert (kind, user, device, content["code"]) == ("cancel", BOB, "BOBSPHONE", "m.unknown_transaction")
    assert content["transaction_id"] == "t1"


def test_our_other_devices_are_asked_and_not_this_one(work: Work, server: Server) -> None:
    work.verification(lambda all_: all_.ask_by_letters(ALICE))
    server.settle(work)
    assert [(kind, user, device) for kind, user, device, _ in server.sent] == [("request", ALICE, "TABLET")]


def test_without_any_device_there_is_nobody_to_ask(work: Work) -> None:
    with pytest.raises(NobodyThere):
        work.verification(lambda all_: all_.ask_by_letters(MALLORY))


@pytest.mark.parametrize("first", ["the answer", "the echo"])
def test_our_question_in_a_room_has_the_name_of_its_event_whichever_way_we_learn_it(
    first: str, work: Work, server: Server
) -> None:
    name = work.verification(lambda all_: all_.ask_in_room(BOB, ROOM))
    [said] = to_say(work)
    assert (said.content["to"], said.content["from_device"]) == (BOB, DEVICE)
    echo = Spoken("$ours", ALICE, said.type, said.content, now(), said.transaction)
    if first == "the echo":
        hear(work, echo)
    else:
        work.verification(lambda all_: all_.said(said, "$ours"))
    server.settle(work)
    hear(work, step("ready", event="$ours", from_device="BOBSPHONE", methods=["m.sas.v1"]))
    assert [(one.name, one.phase) for one in seen(work)] == [(name, Phase.STARTED)]
    work.verification(lambda all_: all_.said(said, "$ours"))
    hear(work, echo)
    assert len(seen(work)) == 1
    [start] = to_say(work)
    assert start.type == "m.key.verification.start"
    assert start.content["m.relates_to"]["event_id"] == "$ours"


def test_a_question_that_could_not_be_said_is_over(work: Work) -> None:
    work.verification(lambda all_: all_.ask_in_room(BOB, ROOM))
    [said] = to_say(work)
    work.verification(lambda all_: all_.said(said, ""))
    assert seen(work) == []
    assert to_say(work) == []


def test_a_question_that_was_taken_back_is_not_said(work: Work) -> None:
    name = work.verification(lambda all_: all_.ask_in_room(BOB, ROOM))
    work.verification(lambda all_: all_.do(name, "cancel"))
    assert (seen(work), to_say(work)) == ([], [])


def test_there_are_never_more_than_people_can_look_at(work: Work, server: Server) -> None:
    for number in range(40):
        hear(work, asks(event=f"$asked{number}"))
        server.settle(work)
    assert len(seen(work)) == verifications.MOST


def test_what_is_over_is_forgotten_after_a_while(work: Work, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    hear(work, asks())
    server.settle(work)
    monkeypatch.setattr(verifications, "now", lambda: now() + 130)
    assert [one.code for one in seen(work)] == ["m.timeout"]
    monkeypatch.setattr(verifications, "now", lambda: now() + 1_000)
    seen(work)
    assert not work.verifying


@pytest.mark.parametrize("content", [{}, {"from_device": 7, "methods": 5}, {"timestamp": "x"}, {"m.relates_to": []}])
def test_letters_without_sense_never_raise(content: dict[str, Any], work: Work, server: Server) -> None:
    steps = ["request", "ready", "start", "accept", "key", "mac", "done", "cancel"]
    take(work, *(letter(one, content) for one in steps))
    take(work, *({"type": f"m.key.verification.{one}", "sender": BOB, "content": content} for one in steps))
    hear(work, *(Spoken(f"${one}", BOB, f"m.key.verification.{one}", content, now()) for one in steps))
    server.settle(work)
    assert seen(work) == []


def test_somebody_whose_devices_cannot_be_had_keeps_nobody_else_out(work: Work, server: Server) -> None:
    stranger = "@mallory:silent.test"
    take(work, *(letter("request", request("M"), stranger, f"m{number}") for number in range(300)))
    take(work, letter("request", request()))
    [wanted] = work.due(None)
    work.answered(wanted, {**server.answer(wanted), "failures": {"silent.test": {}}, "device_keys": {BOB: {}}})
    assert [one.user for one in seen(work)] == [BOB]


def test_somebody_who_asks_again_and_again_keeps_nobody_else_out(work: Work, server: Server) -> None:
    for number in range(3 * verifications.MOST):
        take(work, letter("request", request("M"), MALLORY, f"m{number}"))
        server.settle(work)
    take(work, letter("request", request()))
    server.settle(work)
    assert {one.user for one in seen(work) if one.phase is Phase.ASKED} == {MALLORY, BOB}


def test_what_waited_too_long_is_not_heard_any_more(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    take(work, letter("request", request("M"), MALLORY))
    assert work.verifying
    monkeypatch.setattr(verifications, "now", lambda: now() + 700)
    assert seen(work) == []
    assert not work.verifying


def test_a_question_that_was_taken_back_leaves_nothing_behind(work: Work) -> None:
    name = work.verification(lambda all_: all_.ask_in_room(BOB, ROOM))
    work.verification(lambda all_: all_.do(name, "cancel"))
    assert not work.verifying
    assert work._verifications._asked_user == {}
