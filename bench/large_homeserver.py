"""A homeserver with one account in very many rooms, as a process of its own: ``python -m bench.large_homeserver``.

It writes its address, and then answers what a session asks the first time, and pages of history. Each room has a
hundred messages of eight people, half of the rooms are encrypted with keys that nobody has, every tenth is a direct
chat. The answer to the first sync is made before it is asked for, so that only its reader is measured.
"""

import asyncio
import json
import sys
from typing import Any

from tests.fake_homeserver import Asked, FakeHomeserver, Told

ROOMS, MESSAGES, SHOWN = 2_000, 100, 20
ME = "@me:large.test"
START = 1_750_000_000_000
"""Milliseconds since 1970 of the oldest message."""
CLIENT = "/_matrix/client/v3"


def room_name(number: int) -> str:
    return f"!room{number}:large.test"


def event(room: int, number: int) -> dict[str, Any]:
    """One message; the rooms speak in turn, so the newest messages are one of each."""
    encrypted = room % 2 == 1
    content = (
        {"algorithm": "m.megolm.v1.aes-sha2", "session_id": f"{room:043d}", "ciphertext": "AwgA" + "x" * 200}
        if encrypted
        else {"msgtype": "m.text", "body": f"message {number} in room {room}", "m.mentions": {}}
    )
    return {
        "event_id": f"$e{room}-{number}",
        "type": "m.room.encrypted" if encrypted else "m.room.message",
        "sender": f"@person{(room + number) % 8}:large.test",
        "origin_server_ts": START + (number * ROOMS + room) * 1000,
        "content": content,
    }


def state(room: int) -> list[dict[str, Any]]:
    found = [
        {"type": "m.room.create", "state_key": "", "content": {"room_version": "11"}},
        {"type": "m.room.name", "state_key": "", "content": {"name": f"Room {room}"}},
        *(
            {
                "type": "m.room.member",
                "state_key": f"@person{n}:large.test",
                "content": {"membership": "join", "displayname": f"Person {n}"},
            }
            for n in range(8)
        ),
    ]
    if room % 2 == 1:
        content = {"algorithm": "m.megolm.v1.aes-sha2"}
        found.append({"type": "m.room.encryption", "state_key": "", "content": content})
    facts = {"sender": "@person0:large.test", "origin_server_ts": START}
    return [{**one, **facts, "event_id": f"$s{room}-{n}"} for n, one in enumerate(found)]


def joined(room: int) -> dict[str, Any]:
    return {
        "timeline": {
            "events": [event(room, n) for n in range(MESSAGES - SHOWN, MESSAGES)],
            "limited": True,
            "prev_batch": f"{room}-{MESSAGES - SHOWN}",
        },
        "state": {"events": state(room)},
        "summary": {"m.heroes": [], "m.joined_member_count": 9, "m.invited_member_count": 0},
        "unread_notifications": {"notification_count": room % 3, "highlight_count": 0},
    }


def first_answer() -> bytes:
    direct: dict[str, list[str]] = {}
    for room in range(0, ROOMS, 10):
        direct.setdefault(f"@person{room % 8}:large.test", []).append(room_name(room))
    whole = {
        "next_batch": "s1",
        "rooms": {"join": {room_name(room): joined(room) for room in range(ROOMS)}},
        "account_data": {"events": [{"type": "m.direct", "content": direct}]},
    }
    return json.dumps(whole).encode()


def page(asked: Asked) -> Told:
    """A page back: ``from`` is the room and the message that it ends before."""
    room, _, before = asked.query["from"].partition("-")
    start = max(0, int(before) - int(asked.query.get("limit", "20")))
    chunk = [event(int(room), n) for n in reversed(range(start, int(before)))]
    return Told({"chunk": chunk, "start": asked.query["from"]} | ({"end": f"{room}-{start}"} if start else {}))


async def serve() -> None:
    everything = first_answer()

    async def sync(asked: Asked) -> Told:
        if "since" not in asked.query:
            return Told(everything)
        await asyncio.sleep(int(asked.query.get("timeout", "0")) / 1000)
        return Told({"next_batch": "s1"})

    async with FakeHomeserver() as fake:
        device = {"user_id": ME, "device_id": "LARGE"}
        fake.answers["POST", f"{CLIENT}/login"] = Told({**device, "access_token": "token"})
        fake.answers["GET", f"{CLIENT}/account/whoami"] = Told(device)
        fake.answers["GET", f"{CLIENT}/profile/{ME}"] = Told({"displayname": "Me"})
        fake.answers["GET", f"{CLIENT}/sync"] = sync
        fake.answers["POST", f"{CLIENT}/keys/upload"] = Told({"one_time_key_counts": {"signed_curve25519": 50}})
        fake.answers["POST", f"{CLIENT}/keys/query"] = Told({"device_keys": {}})
        for room in range(ROOMS):
            fake.answers["GET", f"{CLIENT}/rooms/{room_name(room)}/messages"] = page
        print(fake.url, len(everything), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
