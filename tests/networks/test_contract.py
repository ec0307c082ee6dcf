"""The contract, on every network that is found. A new folder below ``networks/`` is tested by being there.

What a network needs for it is in ``tests/networks/<key>/bench.py``.
"""

import asyncio
import importlib
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest

from tests.networks.bench import Bench
from tests.networks.following import Following
from webapp.languages import Sentence
from webapp.networks import networks
from webapp.networks.actions import (
    Action,
    AddContact,
    Arrange,
    CreateGroup,
    InviteMembers,
    JoinGroup,
    LeaveGroup,
    MarkRead,
    RenameGroup,
    SendText,
    SetSubject,
    SetTyping,
    StartDirect,
)
from webapp.networks.capabilities import Level
from webapp.networks.contract import Anchor, More, Network, Sent
from webapp.networks.errors import Refused, Trouble
from webapp.networks.events import ConversationChanged, Event, MessageReceived, MessageRef, Origin

ROOT = Path(__file__).parents[2]
MakeBench = Callable[[], Bench]


def _bench_of(key: str) -> Any:
    return importlib.import_module(f"tests.networks.{key}.bench")


def _cases() -> list[Any]:
    marks = {key: [pytest.mark.servers] if _bench_of(key).SERVERS else [] for key in networks()}
    return [pytest.param(key, marks=marks[key], id=key) for key in networks()]


@pytest.fixture(params=_cases())
def make(request: pytest.FixtureRequest, tmp_path: Path) -> MakeBench:
    """Makes a bench of each network in turn."""
    module = _bench_of(request.param)
    more = [request.getfixturevalue(server) for server in module.SERVERS]
    return lambda: module.Bench(tmp_path, *more)


@pytest.fixture(params=list(networks()))
def network(request: pytest.FixtureRequest) -> Network:
    return networks()[request.param]


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def text(conversation: str, body: str) -> SendText:
    return SendText(conversation, uuid4().hex, body, datetime.now(UTC))


def ref(message: MessageReceived) -> MessageRef:
    return MessageRef(message.remote_id, message.transaction_id, message.reference)


async def until_heard(bench: Bench, body: str) -> list[str]:
    for _ in range(2000):
        if body in (heard := await bench.heard()):
            return heard
        await asyncio.sleep(0.01)
    raise AssertionError(f"the friend never heard {body}")


# Sessions


def test_text_goes_both_ways(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench, Following(bench.session()) as seen:
            await bench.say("hello from the friend")
            message = await seen.message("hello from the friend")
            assert message.conversation == bench.conversation
            assert not message.own
            assert message.remote_id or message.transaction_id
            assert message.sent_at.tzinfo is not None
            done = await seen.session.perform(text(bench.conversation, "hello friend"))
            assert done.conversation in {None, bench.conversation}
            await until_heard(bench, "hello friend")

    run(talk())


def test_what_was_missed_arrives_once_in_order_and_is_not_live(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench:
            async with Following(bench.session()) as seen:
                await bench.say("before")
                await seen.message("before")
            for number in range(5):
                await bench.say(f"missed {number}")
            async with Following(bench.session(), seen.checkpoint) as again:
                await again.message("missed 4")
                assert [b for b in again.bodies(bench.conversation)] == [f"missed {n}" for n in range(5)]  # noqa: C416
                assert len(again.messages(Origin.CATCH_UP)) == 5
            async with Following(bench.session(), again.checkpoint) as third:
                await bench.say("now")
                await third.message("now")
                assert third.bodies(bench.conversation) == ["now"]

    run(talk())


def test_an_older_checkpoint_tells_the_same_messages_under_the_same_ids(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench:
            async with Following(bench.session()) as seen:
                await bench.say("zero")
                await seen.message("zero")
                early = seen.checkpoint
                await bench.say("one")
                first = await seen.message("one")
            async with Following(bench.session(), early) as again:
                second = await again.message("one")
            ids = {first.remote_id, first.transaction_id} - {None}
            assert ids & {second.remote_id, second.transaction_id}

    run(talk())


def test_what_went_out_is_found_and_what_did_not_is_not(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench, Following(bench.session()) as seen:
            await seen.session.perform(action := text(bench.conversation, "went out"))
            found = await seen.session.already_sent(action)
            assert found.sent is not Sent.NO
            assert (found.sent is Sent.YES) == (found.done is not None)
            assert (await seen.session.already_sent(text(bench.conversation, "went out"))).sent is not Sent.YES

    run(talk())


def test_what_was_sent_before_the_line_ended_is_found_by_the_next_session(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench:
            action = text(bench.conversation, "the last word")
            async with Following(bench.session()) as seen:
                await seen.session.perform(action)
            async with Following(bench.session(), seen.checkpoint) as again:
                assert (await again.session.already_sent(action)).sent is not Sent.NO

    run(talk())


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8])
def test_a_cancelled_action_is_carried_out_at_most_once(make: MakeBench, steps: int) -> None:
    async def talk() -> None:
        async with make() as bench, Following(bench.session()) as seen:
            action = text(bench.conversation, "once")
            task = asyncio.create_task(seen.session.perform(action))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if (await seen.session.already_sent(action)).sent is Sent.NO:
                await seen.session.perform(action)
            await seen.session.perform(text(bench.conversation, "the end"))
            heard = await until_heard(bench, "the end")
            assert heard.count("once") <= 1
            assert heard[-1] == "the end"

    run(talk())


def test_history_is_paged_back_without_repeating(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench:
            for number in range(12):
                await bench.say(f"number {number}")
            async with Following(bench.session()) as seen:
                found: list[MessageReceived] = []
                anchor, more = Anchor(), More.YES
                for _ in range(20):
                    page = await seen.session.older(bench.conversation, anchor, 5)
                    messages = [e for e in page.batch.events if isinstance(e, MessageReceived)]
                    assert page.batch.origin is Origin.BACKFILL
                    assert len(messages) <= 5
                    found, more = messages + found, page.more
                    if more is not More.YES or not messages:
                        break
                    anchor = Anchor(messages[0].remote_id, messages[0].sent_at)
                assert more is not More.YES
                if networks()[seen_key(bench)].capabilities.history is Level.FULL and found:
                    assert [m.body for m in found] == [f"number {n}" for n in range(12)]
                    assert len({m.remote_id for m in found}) == 12

    run(talk())


def seen_key(bench: Bench) -> str:
    return type(bench).__module__.split(".")[2]


def test_typing_and_reading_are_taken(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench, Following(bench.session()) as seen:
            await bench.say("read me")
            message = await seen.message("read me")
            await seen.session.perform(SetTyping(bench.conversation, True))
            await seen.session.perform(MarkRead(bench.conversation, ref(message)))
            await seen.session.perform(MarkRead(bench.conversation, ref(message), tell_sender=False))

    run(talk())


def test_how_a_conversation_is_kept_may_be_told_again_and_again(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench, Following(bench.session()) as seen:
            if not networks()[seen_key(bench)].capabilities.arrangement:
                pytest.skip("this network knows nothing of it")
            await bench.say("keep me")
            await seen.message("keep me")
            for kept in (True, True, False, False):
                await seen.session.perform(Arrange(bench.conversation, kept, kept, False, kept))

    run(talk())


def test_starting_a_conversation_names_it(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench, Following(bench.session()) as seen:
            assert (await seen.session.perform(StartDirect(bench.friend))).conversation == bench.conversation

    run(talk())


@dataclass(frozen=True)
class Nonsense(Action):
    """No network knows this."""


def test_what_a_network_cannot_do_is_refused_in_words(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench, Following(bench.session()) as seen:
            able = networks()[seen_key(bench)].capabilities
            ways: list[tuple[Level, Action]] = [
                (Level.NONE, Nonsense(bench.conversation)),
                (able.create_group, CreateGroup("", "A group")),
                (able.join_by_address, JoinGroup("nowhere")),
                (able.contacts, AddContact("nobody")),
                (able.invite, InviteMembers(bench.conversation, (bench.friend,))),
                (able.rename, RenameGroup(bench.conversation, "Another name")),
                (able.subject, SetSubject(bench.conversation, "A topic")),
                (able.leave, LeaveGroup("nowhere")),
            ]
            for action in [action for level, action in ways if level is Level.NONE]:
                with pytest.raises(Refused) as refused:
                    await seen.session.perform(action)
                assert isinstance(refused.value.reason, Sentence)
            if able.create_group is Level.FULL:
                done = await seen.session.perform(CreateGroup("", "Family", (bench.friend,)))
                assert done.conversation
                await seen.session.perform(text(done.conversation, "hello group"))
            if able.rename is Level.FULL:
                await seen.session.perform(RenameGroup(done.conversation, "Kin"))
                await seen.event(ConversationChanged, lambda e: (e.conversation, e.name) == (done.conversation, "Kin"))
                with pytest.raises(Refused):
                    await seen.session.perform(RenameGroup(done.conversation, "  "))

    run(talk())


def test_a_session_may_be_closed_at_any_time_and_twice(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench:
            never_open = bench.session()
            await never_open.close()
            session = bench.session()
            await session.open(None)
            await asyncio.wait_for(session.close(), 3)
            await asyncio.wait_for(session.close(), 3)
            async with Following(bench.session()) as seen:
                await asyncio.wait_for(seen.session.close(), 3)

    run(talk())


def test_a_closed_session_leaves_no_tasks_behind(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench:
            before = asyncio.all_tasks()
            async with Following(bench.session()) as seen:
                await bench.say("hello")
                await seen.message("hello")
            for _ in range(100):
                if not asyncio.all_tasks() - before:
                    break
                await asyncio.sleep(0.02)
            assert asyncio.all_tasks() - before == set()

    run(talk())


def test_after_closing_trouble_is_the_only_answer(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench:
            session = bench.session()
            await session.open(None)
            await session.close()
            try:
                await asyncio.wait_for(session.perform(text(bench.conversation, "too late")), 5)
            except Trouble:
                return

    run(talk())


def test_every_batch_is_made_of_events_and_bytes(make: MakeBench) -> None:
    async def talk() -> None:
        async with make() as bench, Following(bench.session()) as seen:
            await bench.say("hello")
            await seen.message("hello")
            for batch in seen.batches:
                assert all(isinstance(event, Event) for event in batch.events)
                assert batch.checkpoint is None or isinstance(batch.checkpoint, bytes)
            assert seen.checkpoint

    run(talk())


# What a network says about itself


def test_it_says_who_it_is(network: Network) -> None:
    assert type(network).__module__ == f"webapp.networks.{network.key}"
    assert network.label
    assert isinstance(network.summary, Sentence)
    assert isinstance(network.seal, Sentence)
    assert isinstance(network.seal_in_short, Sentence)
    assert network.capabilities.longest_text > 0
    assert len({switch.key for switch in network.switches}) == len(network.switches)


SHAPES = {"symbol", "path", "circle", "rect", "line", "polyline", "polygon", "ellipse", "g"}
ATTRIBUTES = {
    *("viewBox", "d", "cx", "cy", "r", "rx", "ry", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "points"),
    *("fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "transform"),
}


def test_its_icon_is_a_harmless_symbol(network: Network) -> None:
    root = ET.fromstring(network.icon)
    assert (root.tag, root.get("viewBox")) == ("symbol", "0 0 16 16")
    for element in root.iter():
        assert element.tag in SHAPES
        assert set(element.attrib) <= ATTRIBUTES
        assert not re.search(r"url\(|script|:", " ".join(element.attrib.values()))


EVERYDAY_WORDS = {"house", "toy"}
"""Names of networks that are words of the language too: of these only what picks the network out counts."""


def naming(key: str) -> str:
    """What in a file would name a network: its folder, a comparison with its key, the word itself.

    Not the scheme of a link, which belongs to whoever reads links.
    """
    quoted = rf"[\"']{key}[\"']"
    picking = rf"networks[./]{key}\b|(?:key|network)\s*[=!]=\s*{quoted}|network(?:\(|s\(\)\[){quoted}"
    return picking if key in EVERYDAY_WORDS else rf"{picking}|(?i:\b{key}\b(?!:))"


def _files(top: str, *kinds: str) -> list[Path]:
    found = [path for path in (ROOT / top).rglob("*") if path.suffix in kinds]
    return [path for path in found if "vendor" not in path.parts]


def test_no_file_outside_its_folder_names_it(network: Network) -> None:
    own = ROOT / "webapp" / "networks" / network.key
    files = [*_files("webapp", ".py"), *_files("templates", ".html"), *_files("static", ".css", ".js")]
    guilty = [
        path for path in files if own not in path.parents and re.search(naming(network.key), path.read_text("utf-8"))
    ]
    assert guilty == []
