"""How homeservers ask again who it is, and what becomes of their question."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fake_homeserver import FakeHomeserver, Told
from tests.networks.matrix.people import surroundings
from webapp.networks.matrix.interactive import Proof, ProofNeeded, ask, by_visit
from webapp.networks.matrix.trouble import Declined
from webapp.networks.matrix.wire import Wire, path

PLACE = path("keys", "device_signing", "upload")
PAGE = "https://account.example.org/account/?action=org.matrix.cross_signing_reset"
RESET = "org.matrix.cross_signing_reset"


def question(*stages: str, **params: object) -> dict[str, Any]:
    """What a server answers that wants one of these proofs."""
    return {"session": "s", "flows": [{"stages": [stage]} for stage in stages], "params": params}


async def asked(answer: dict[str, Any]) -> Any:
    """What comes of asking a server that wants a proof; its own address stands as "SERVER"."""
    async with FakeHomeserver() as fake:
        fake.answers["POST", PLACE] = Told(answer, 401)
        wire = Wire(fake.url, surroundings(Path("/nowhere")), "t0ken")
        try:
            await ask(wire, PLACE, {"key": 1}, None)
        except ProofNeeded as needed:
            return Proof(needed.proof.session, needed.proof.password, needed.proof.address.replace(fake.url, "SERVER"))
        except Declined:
            return None
        finally:
            await wire.close()


FALLBACK = "SERVER/_matrix/client/v3/auth/m.login.sso/fallback/web?session=s"


@pytest.mark.parametrize(
    ("answer", "proof"),
    [
        (question("m.login.sso", "m.login.password"), Proof("s", password=True, address="")),
        (question("m.login.sso", "m.oauth"), Proof("s", password=False, address=FALLBACK)),
        (question("m.oauth", RESET, **{"m.oauth": {"url": PAGE}}), Proof("s", password=False, address=PAGE)),
        (question(RESET, **{RESET: {"url": PAGE}}), Proof("s", password=False, address=PAGE)),
        (question("m.oauth", **{RESET: {"url": PAGE}}), None),
        (question("m.login.dummy"), None),
        ({"flows": [{"stages": ["m.login.password"]}], "session": 3}, None),
    ],
)
def test_a_password_comes_first_then_the_servers_own_page_then_the_one_where_one_agrees(
    answer: dict[str, Any], proof: Proof | None
) -> None:
    assert asyncio.run(asked(answer)) == proof


@pytest.mark.parametrize(
    "told",
    [None, {}, {"url": 3}, {"url": "javascript:alert(1)"}, {"url": "http://x.example"}, {"url": PAGE + "a" * 2_000}],
)
def test_nobody_is_sent_to_a_page_that_is_none(told: object) -> None:
    assert asyncio.run(asked(question("m.oauth", **{"m.oauth": told}))) is None


def test_whoever_agreed_there_is_asked_no_more() -> None:
    proof = Proof("s", password=False, address=PAGE)

    async def work() -> None:
        async with FakeHomeserver() as fake:
            fake.answers["POST", PLACE] = Told({})
            wire = Wire(fake.url, surroundings(Path("/nowhere")), "t0ken")
            await ask(wire, PLACE, {"key": 1}, by_visit(proof))
            await wire.close()
            assert json.loads(fake.asked[-1].body) == {"key": 1, "auth": {"session": "s"}}

    asyncio.run(work())
