"""A real Synapse, started by the tests in a folder of its own, on a free port of the loopback interface.

::

    with Synapse() as synapse:
        alice = synapse.add_user("alice", "pw")      # her user id
        ...                                          # synapse.url, .name
        synapse.kill()                               # as if the power went
        synapse.start()                              # again, on the same port and with the same data

Its database is SQLite, kept in memory but outside of the process: killing it loses nothing, and no test waits for a
disk. ``home.test`` resolves nowhere: clients must be told the address. Nothing is limited and hashes are cheap.
"""

import atexit
import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.parse import quote

PATIENCE = 60.0
"""Seconds that the server may take to come up on a loaded machine."""
PYTHON = Path(__file__).parents[1] / ".venv-homeserver" / "bin" / "python"
ADMINISTRATOR = "administrator"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answer(Exception):
    """The server said no: its status, and what it said (JSON)."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


class Synapse:
    """One server whose users are called ``@name:home.test``. ``url`` is where clients reach it.

    ``more`` is what its configuration says besides.
    """

    name = "home.test"

    def __init__(self, **more: Any) -> None:
        self._more = more
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="synapse-", dir=memory))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._secret = os.urandom(16).hex()
        self._token = ""
        self._process: subprocess.Popen[bytes] | None = None
        (self.folder / "signing.key").write_text(f"ed25519 a_test {_unpadded(os.urandom(32))}\n")
        (self.folder / "log.json").write_text(json.dumps(self._log_configuration()))
        (self.folder / "homeserver.json").write_text(json.dumps(self._configuration()))

    def start(self) -> None:
        """Start the server and wait until it answers; nothing to do when it runs."""
        if self.running:
            return
        with (self.folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                [_python(), "-m", "synapse.app.homeserver", "-c", self.folder / "homeserver.json"],
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Synapse did not start:\n" + self.log()[-2000:])
            time.sleep(0.05)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """End it politely."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Make it hang: connections stay open, nothing is answered any more."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def add_user(self, name: str, password: str, shown: str = "") -> str:
        """Register a user, called ``shown``; the answer is their user id."""
        user = f"@{name}:{self.name}"
        self.administrate("PUT", f"v2/users/{quote(user)}", {"password": password, "displayname": shown or name})
        return user

    def sign_in(self, user: str, password: str) -> dict[str, Any]:
        """A new device of a user: ``access_token``, ``device_id``."""
        identifier = {"type": "m.id.user", "user": user}
        body = {"type": "m.login.password", "identifier": identifier, "password": password}
        return self.ask("POST", "/_matrix/client/v3/login", body)

    def devices(self, user: str) -> list[dict[str, Any]]:
        """The devices of a user: ``device_id``, ``display_name``."""
        found: list[dict[str, Any]] = self.administrate("GET", f"v2/users/{quote(user)}/devices")["devices"]
        return found

    def revoke(self, user: str, device: str) -> None:
        """Take a device away, and its token with it."""
        self.administrate("DELETE", f"v2/users/{quote(user)}/devices/{quote(device)}")

    def set_password(self, user: str, password: str) -> None:
        """Give a user another password; all their devices are signed out."""
        self.administrate("POST", f"v1/reset_password/{quote(user)}", {"new_password": password})

    def deactivate(self, user: str) -> None:
        """Close an account."""
        self.administrate("POST", f"v1/deactivate/{quote(user)}", {"erase": False})

    def administrate(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask something below ``/_synapse/admin`` as the administrator. Raises Answer."""
        if not self._token:
            self._token = self._make_administrator()
        return self.ask(method, f"/_synapse/admin/{path}", body, self._token)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, token: str = "") -> dict[str, Any]:
        """One question and its answer. Raises Answer where that is no."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with _OPENER.open(request, timeout=PATIENCE) as answer:
                return json.load(answer)  # type: ignore[no-any-return]
        except HTTPError as error:
            raise Answer(error.code, json.loads(error.read() or b"{}")) from None

    def log(self) -> str:
        """What the server wrote so far."""
        files = [self.folder / "homeserver.log", self.folder / "output.log"]
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _answers(self) -> bool:
        try:
            with _OPENER.open(f"{self.url}/health", timeout=1) as answer:
                return answer.status == 200  # type: ignore[no-any-return]
        except (URLError, OSError):
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGCONT)
        self._process.send_signal(how)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def _make_administrator(self) -> str:
        """Register one by the secret in the configuration; the answer is their token."""
        place, password = "/_synapse/admin/v1/register", os.urandom(8).hex()
        nonce = self.ask("GET", place)["nonce"]
        words = "\0".join([nonce, ADMINISTRATOR, password, "admin"]).encode()
        mac = hmac.new(self._secret.encode(), words, hashlib.sha1).hexdigest()
        who = {"username": ADMINISTRATOR, "password": password, "admin": True}
        token: str = self.ask("POST", place, {"nonce": nonce, "mac": mac, **who})["access_token"]
        return token

    def _configuration(self) -> dict[str, Any]:
        """JSON is YAML."""
        resources = [{"names": ["client", "media"], "compress": False}]
        return {
            "server_name": self.name,
            "public_baseurl": f"{self.url}/",
            "pid_file": str(self.folder / "synapse.pid"),
            "report_stats": False,
            "listeners": [{"port": self.port, "bind_addresses": ["127.0.0.1"], "type": "http", "resources": resources}],
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "homeserver.sqlite")}},
            "log_config": str(self.folder / "log.json"),
            "media_store_path": str(self.folder / "media"),
            "signing_key_path": str(self.folder / "signing.key"),
            "registration_shared_secret": self._secret,
            "macaroon_secret_key": self._secret,
            "form_secret": self._secret,
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
            "federation_domain_whitelist": [],
            "url_preview_enabled": False,
            "bcrypt_rounds": 4,
            "presence": {"enabled": True},
            **_unlimited(),
            **self._more,
        }

    def _log_configuration(self) -> dict[str, Any]:
        file = {"class": "logging.FileHandler", "filename": str(self.folder / "homeserver.log"), "formatter": "line"}
        return {
            "version": 1,
            "formatters": {"line": {"format": "%(asctime)s %(name)s %(levelname)s %(message)s"}},
            "handlers": {"file": file},
            "root": {"level": "WARNING", "handlers": ["file"]},
            "disable_existing_loggers": False,
        }


def _unlimited() -> dict[str, Any]:
    """Every limit of Synapse, raised above what tests can reach."""
    free = {"per_second": 100_000, "burst_count": 100_000}
    plain = ["message", "registration", "registration_token_validity", "admin_redaction", "joins_per_room"]
    plain += ["third_party_invite", "media_create", "delayed_event_mgmt", "key_requests", "reports", "room_creation"]
    return {
        **{f"rc_{name}": free for name in plain},
        "rc_login": {"address": free, "account": free, "failed_attempts": free},
        "rc_joins": {"local": free, "remote": free},
        "rc_invites": {"per_room": free, "per_user": free, "per_issuer": free},
        "rc_presence": {"per_user": free},
    }


def _unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _python() -> Path:
    if not PYTHON.exists():
        raise RuntimeError("the homeserver of the tests is not installed: .ci/install homeserver does it")
    return PYTHON
