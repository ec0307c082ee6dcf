"""A real Prosody, started by the tests in a folder of its own, on free ports of the loopback interface.

::

    with Prosody(folder) as prosody:
        prosody.add_user("alice", "pw")
        ...                           # prosody.host, .port, .direct_tls_port, .ca_file, .muc
        prosody.kill()                # as if the power went
        prosody.start()               # again, on the same ports and with the same data

Histories are kept in memory, outside of the process: killing it loses nothing, and no test waits for a disk.
``chat.test`` resolves nowhere: clients must be told 127.0.0.1 and the port.
"""

import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.certificates import Authority

PATIENCE = 30.0
"""Seconds that the server may take to come up on a loaded machine."""
FIRST_WORDS = "Hello and welcome to Prosody"
"""What it writes to its log when it starts."""
NOTED = re.compile(r"Archiving stanza: <message [^>]*\bid='([^']*)'")
"""What it writes to its log before it puts a message into an archive."""
ACKNOWLEDGED = "Received ack request, acking for"
"""What it writes to its log when it tells a client how many stanzas it has dealt with (XEP-0198)."""


class Certificate(StrEnum):
    """What the server shows: a good certificate, or one that no client may accept."""

    GOOD = "good"
    EXPIRED = "expired"
    OTHER_NAME = "other name"
    UNKNOWN_AUTHORITY = "unknown authority"


class Prosody:
    """One server with one host, ``chat.test``, and one component for rooms, ``rooms.chat.test``."""

    host = "chat.test"
    muc = "rooms.chat.test"

    def __init__(
        self,
        folder: Path,
        certificate: Certificate = Certificate.GOOD,
        starttls: bool = True,
        plain_only: bool = False,
        archive: bool = True,
        bookmarks: bool = True,
    ) -> None:
        """Without ``starttls`` it offers no encryption, without ``archive`` it keeps no history, without ``bookmarks``
        nothing that a person's devices share."""
        self.folder = folder.resolve()
        self.starttls = starttls
        self.plain_only = plain_only
        self.archive = archive
        self.bookmarks = bookmarks
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        self.ca_file, self._crt, self._key = _certificates(self.folder / "certs", certificate, self.host, self.muc)
        self.port, self.direct_tls_port = _free_ports(2)
        self._memory = Path(
            tempfile.mkdtemp(prefix="prosody-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        )
        atexit.register(shutil.rmtree, self._memory, ignore_errors=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._config = self.folder / "prosody.cfg.lua"
        self.configure()

    def configure(self) -> None:
        """Write down what it is to be like from its next start on."""
        self._config.write_text(self._configuration())

    def start(self) -> None:
        """Start the server and wait until it answers; nothing to do when it runs."""
        if self.running:
            return
        with (self.folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                [_program("prosody"), "--config", str(self._config), "-F"],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Prosody did not start:\n" + self.log()[-2000:])
            time.sleep(0.02)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """End it politely; streams are closed, everything is written."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def kill_at_work(self, patience: float = PATIENCE) -> None:
        """The same in the middle of a message: as soon as it says that it puts the next one into an archive."""
        deadline = time.monotonic() + patience
        with (self.folder / "prosody.log").open() as log:
            log.seek(0, os.SEEK_END)
            while not NOTED.search(log.readline()):
                assert time.monotonic() < deadline, "there was no message"
                time.sleep(0.0002)
        self.kill()

    def half_done(self) -> set[str]:
        """The ids of the messages in the middle of which a server was killed, by its own log.

        It puts a message into the sender's archive, then into the receiver's, then answers the question whether it has
        it. What it began after its last answer may stand in the one archive and not in the other.
        """
        lives = self.log().split(FIRST_WORDS)[1:-1]
        return {name for life in lives for name in NOTED.findall(life.rpartition(ACKNOWLEDGED)[2])}

    def pause(self) -> None:
        """Make it hang: connections stay open, nothing is answered any more."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def add_user(self, name: str, password: str) -> str:
        """Register a user; the answer is their address. Works whether the server runs or not."""
        self._control("register", name, self.host, password)
        return f"{name}@{self.host}"

    def change_password(self, name: str, password: str) -> None:
        """Give a user another password from outside. What is connected stays connected."""
        self._control("passwd", f"{name}@{self.host}", stdin=f"{password}\n{password}\n")

    def remove_user(self, name: str) -> None:
        self._control("deluser", f"{name}@{self.host}")

    def log(self) -> str:
        """What the server wrote so far."""
        files = [self.folder / "prosody.log", self.folder / "output.log"]
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGCONT)
        self._process.send_signal(how)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def _control(self, *words: str, stdin: str = "") -> None:
        command = [_program("prosodyctl"), "--config", str(self._config), *words]
        done = subprocess.run(command, input=stdin, text=True, capture_output=True, timeout=60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"prosodyctl {words[0]}: {done.stdout} {done.stderr}")

    def _configuration(self) -> str:
        shared = ["pep", "bookmarks", "vcard4", "vcard_legacy"] if self.bookmarks else []
        modules = [*MODULES, *shared, *(["tls"] if self.starttls else []), *(["mam"] if self.archive else [])]
        room_modules = ["muc_mam"] if self.archive else []
        return CONFIGURATION.format(
            root="true" if os.geteuid() == 0 else "false",
            folder=self.folder,
            archive=self._memory / "prosody.sqlite",
            port=self.port,
            direct=self.direct_tls_port,
            crt=self._crt,
            key=self._key,
            host=self.host,
            muc=self.muc,
            modules=_lua_list(modules),
            room_modules=_lua_list(room_modules),
            require="true" if self.starttls else "false",
            disabled=_lua_list(["SCRAM-SHA-1", "SCRAM-SHA-256"] if self.plain_only else []),
        )


MODULES = [
    *("roster", "saslauth", "disco", "presence", "message", "iq", "c2s", "carbons", "private", "blocklist"),
    *("version", "uptime", "time", "ping", "posix", "smacks", "csi_simple"),
    *("offline", "cron"),
]

CONFIGURATION = """
run_as_root = {root}
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
plugin_paths = {{ "/usr/lib/prosody/modules" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ {direct} }}
s2s_ports = {{ }}
http_ports = {{ }}
https_ports = {{ }}
modules_disabled = {{ "s2s", "admin_shell", "admin_socket", "http" }}
modules_enabled = {{ {modules} }}
authentication = "internal_hashed"
password_hash = "SHA-256"
disable_sasl_mechanisms = {{ "DIGEST-MD5", {disabled} }}
default_storage = "sql"
storage = {{ accounts = "internal" }}
sql = {{ driver = "SQLite3", database = "{archive}" }}
archive_expires_after = "never"
default_archive_policy = true
max_archive_query_results = 1000
smacks_hibernation_time = 60
c2s_require_encryption = {require}
allow_unencrypted_plain_auth = {require} == false
ssl = {{ certificate = "{crt}"; key = "{key}" }}
c2s_direct_tls_ssl = {{ certificate = "{crt}"; key = "{key}" }}
log = {{ {{ levels = {{ min = "debug" }}, to = "file", filename = "{folder}/prosody.log" }} }}

VirtualHost "{host}"
  ssl = {{ certificate = "{crt}"; key = "{key}" }}
  disco_items = {{ {{ "{muc}", "Rooms" }} }}

Component "{muc}" "muc"
  modules_enabled = {{ {room_modules} }}
  restrict_room_creation = "local"
  muc_log_by_default = true
  muc_log_presences = false
  muc_room_default_history_length = 20
  muc_tombstones = false
"""


def _lua_list(words: list[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _certificates(folder: Path, kind: Certificate, *names: str) -> tuple[Path, Path, Path]:
    """The authority that clients trust, and the certificate and key that the server shows."""
    trusted = Authority(folder)
    signer = Authority(folder / "stranger", "A stranger") if kind is Certificate.UNKNOWN_AUTHORITY else trusted
    shown = ("other.test",) if kind is Certificate.OTHER_NAME else names
    certificate, key = signer.issue(*shown, expired=kind is Certificate.EXPIRED)
    return trusted.ca_file, certificate, key


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/bin")
    if not found:
        raise RuntimeError(f"{name} is not installed: make test installs it")
    return found
