"""The real program as a process of its own, on a free port of this machine: for journeys, kills and measurements."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx

START_SECONDS = 90
STOP_SECONDS = 15


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Program:
    """``python -m webapp serve`` on a data folder of its own. ``start`` works again after ``stop`` and ``kill``."""

    module = "webapp"
    """What is started; a test may start one that starts the program in its own way."""
    arguments: tuple[str, ...] = ()
    """What is typed behind ``serve``."""

    def __init__(self, folder: Path, port: int | None = None, **environment: str) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.log_file = folder / "hausbote.log"
        self.data_dir = folder / "data"
        self.key_file = folder / "keys" / "master.key"
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """The environment that the program runs in."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HAUSBOTE_")}
        return inherited | {
            "HAUSBOTE_DATA_DIR": str(self.data_dir),
            "HAUSBOTE_KEY_FILE": str(self.key_file),
            "HAUSBOTE_HOST": "127.0.0.1",
            "HAUSBOTE_PORT": str(self.port),
            "HAUSBOTE_PUBLIC_URL": self.url,
            **self.environment,
        }

    def command(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of the program (``user``, ``add``, …) to its end."""
        return subprocess.run(
            [sys.executable, "-m", "webapp", *words],
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self) -> "Program":
        """Start and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, "serve", *self.arguments], env=self.env, stdout=log, stderr=log
            )
        until = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self.process.poll() is None, f"it ended: {self.log_file.read_text()[-2000:]}"
            assert time.monotonic() < until, f"no answer: {self.log_file.read_text()[-2000:]}"
            time.sleep(0.05)
        return self

    def answers(self) -> bool:
        """Whether ``/health`` says ok."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=5).json()["status"] == "ok"
        except (httpx.HTTPError, ValueError, KeyError):
            return False

    def stop(self) -> float:
        """SIGTERM, and wait for the end; returns how many seconds it took."""
        return self._end(signal.SIGTERM)

    def kill(self) -> float:
        """SIGKILL: it has no chance to finish anything."""
        return self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> float:
        began = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return time.monotonic() - began

    def __enter__(self) -> "Program":
        return self if self.process is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
