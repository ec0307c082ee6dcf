"""The way up to a stream that is encrypted and signed in: TLS, SASL, and no step without them."""

import asyncio
import contextlib
import ssl
from typing import Any

from slixmpp.stanza import StreamFeatures
from slixmpp.xmlstream.stanzabase import StanzaBase

from webapp.networks.xmpp.intake import Intake
from webapp.networks.xmpp.lookup import Place
from webapp.networks.xmpp.scram import MECHANISMS
from webapp.networks.xmpp.trouble import ConnectFailed, Problem, problem_of

_SASL = {
    "account-disabled": Problem.DISABLED,
    "temporary-auth-failure": Problem.BUSY,
    "aborted": Problem.NO_MECHANISM,
    "encryption-required": Problem.NO_MECHANISM,
    "invalid-mechanism": Problem.NO_MECHANISM,
    "mechanism-too-weak": Problem.NO_MECHANISM,
}


class WayUp(Intake):
    """A stream that gets signed in, or ends with the reason why not. ``opened`` is done when it is."""

    def __init__(self, address: str, password: str, context: ssl.SSLContext, scram_only: bool) -> None:
        super().__init__(address, password, context)
        self.host = str(self.boundjid.domain)
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.used_scram = False
        self._scram_only = scram_only
        self._securing = False
        self._listen()

    async def open(self, place: Place, seconds: float) -> None:
        """Connect to this place and sign in. Raises ConnectFailed."""
        self.enable_direct_tls, self.enable_starttls = place.direct, not place.direct
        self.connect(place.address, place.port)
        waiting: set[asyncio.Future[Any]] = {self.opened, self.ended}
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not self.ended.done() and not self.opened.done():
            self.end(Problem.SILENT)
        if self.ended.done():
            await self.close()
            raise ConnectFailed(self.ended.result(), self.host)

    async def close(self) -> None:
        """End the stream politely, within a second, and let go of everything."""
        if self.transport is not None and not self.ended.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.disconnect(wait=0.8), 1)
        self.end(Problem.LOST)
        if self._run_out_filters is not None:
            self._run_out_filters.cancel()
        for handle in self.scheduled_events.values():
            handle.cancel()

    def __del__(self) -> None:
        """The library's own would reach for an event loop that may be gone; ``close`` did what it does."""

    @property
    def encrypted(self) -> bool:
        return isinstance(self.socket, ssl.SSLObject | ssl.SSLSocket)

    def _listen(self) -> None:
        self.add_event_handler("stream_negotiated", self._negotiated)
        self.add_event_handler("connection_failed", lambda error: self.end(problem_of(error)))
        self.add_event_handler("ssl_invalid_chain", lambda error: self.end(problem_of(error)))
        self.add_event_handler("failed_auth", self._sasl_failed)
        self.add_event_handler("failed_all_auth", lambda _: self.end(Problem.NO_MECHANISM))
        self.add_event_handler("disconnected", lambda _: None if self._securing else self.end(Problem.LOST))

    def _negotiated(self, _: object) -> None:
        if self.bound and not self.opened.done():
            self.opened.set_result(None)

    def _sasl_failed(self, failure: StanzaBase) -> None:
        self.end(_SASL.get(str(failure["condition"]), Problem.WRONG_PASSWORD))

    async def start_tls(self) -> bool:
        """STARTTLS. The line is gone before the library tells what was wrong with the certificate: wait for that."""
        self._securing = True
        done: bool = await super().start_tls()
        self._securing = False
        if not done:
            self.end(Problem.BAD_TLS)
        return done

    async def _handle_stream_features(self, features: StreamFeatures) -> bool | None:
        """Before the library acts: no step without encryption but encryption, no weak way where there was a strong."""
        problem = self._objection(features)
        if problem is not None:
            self.end(problem)
            return True
        done: bool | None = await super()._handle_stream_features(features)
        return done

    def _objection(self, features: StanzaBase) -> Problem | None:
        offered = features["features"]
        if not self.encrypted:
            return None if self.enable_starttls and "starttls" in offered else Problem.NO_ENCRYPTION
        if "mechanisms" in offered and not self.authenticated:
            return self._choose(set(features["mechanisms"]))
        return None

    def _choose(self, offered: set[str]) -> Problem | None:
        """SCRAM where it is offered, and nothing else then; the password itself only where it never was."""
        self.used_scram = bool(offered & MECHANISMS)
        if not self.used_scram and self._scram_only:
            return Problem.DOWNGRADE
        allowed = MECHANISMS if self.used_scram else {"PLAIN"}
        self.plugin["feature_mechanisms"].use_mechs = set(allowed)
        return None if offered & allowed else Problem.NO_MECHANISM
