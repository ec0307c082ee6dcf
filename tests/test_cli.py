"""The commands, and the program as a process: one at a time, quick to leave, honest when it cannot start."""

import signal
import socket
import subprocess
import sys
import time
from collections import deque
from contextlib import contextmanager

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.program import Program, free_port
from tests.visitor import Visitor
from webapp.settings import Settings

pytestmark = pytest.mark.process

PASSWORD = "seven lanterns hum at dusk\n"


@pytest.fixture
def program(tmp_path):
    with_folder = Program(tmp_path / "house")
    with_folder.folder.mkdir()
    yield with_folder
    with_folder.kill()


def test_users_are_added_listed_disabled_and_let_in_again(program):
    made = program.command("user", "add", "Jürgen", "--admin", "--password-stdin", stdin=PASSWORD)
    assert (made.returncode, made.stdout) == (0, "Jürgen can sign in.\n"), made.stderr
    program.command("user", "add", "Bob", "--password-stdin", stdin=PASSWORD)
    program.command("user", "disable", "bob")
    assert program.command("user", "list").stdout == "Bob\tmember\tdisabled\nJürgen\tadministrator\n"
    link = program.command("user", "reset-link", "JÜRGEN").stdout
    assert link.startswith(f"{program.url}/reset/")


@pytest.mark.parametrize(
    ("words", "stdin", "complaint"),
    [
        (("user", "add", "Bob", "--password-stdin"), "short\n", "at least 12 characters"),
        (("user", "add", "a\tb", "--password-stdin"), PASSWORD, "A user name is made of"),
        (("user", "disable", "Nobody"), "", "There is no house"),
        (("user", "list"), "", "There is no house"),
        (("user", "reset-link", "Nobody"), "", "There is no house"),
        (("audit", "verify"), "", "There is no house"),
        (("serve", "--role", "web"), "", "needs PostgreSQL"),
        (("serve", "--role", "king"), "", "none of all, web, sessions"),
        (("backup", "x.tar.gz"), "", "There is no house"),
        (("restore", "/nonexistent"), "", "There is no file"),
        (("restore", __file__), "", "master key"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(program, words, stdin, complaint):
    done = program.command(*words, stdin=stdin)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_whoever_is_disabled_at_the_shell_loses_the_open_tab_within_two_seconds(program):
    program.command("user", "add", "Alice", "--admin", "--password-stdin", stdin=PASSWORD)
    program.command("user", "add", "Bob", "--password-stdin", stdin=PASSWORD)
    program.start()
    with Visitor(program.url) as bob:
        bob.sign_in("Bob", PASSWORD.strip())
        cookies = "; ".join(f"{name}={value}" for name, value in bob.cookies.items())
    with connect(
        f"ws://localhost:{program.port}/live?tab=t", origin=program.url, additional_headers={"Cookie": cookies}
    ) as tab:
        assert "version" in tab.recv(10)
        assert program.command("user", "disable", "Bob").returncode == 0
        disabled = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            deque(tab, maxlen=0)  # listens until it is closed
        assert time.monotonic() - disabled < 2
        assert closed.value.rcvd.code == 1008


def test_what_a_house_cannot_do_is_said_in_a_sentence(program):
    program.command("user", "add", "Alice", "--admin", "--password-stdin", stdin=PASSWORD)
    program.command("user", "add", "Bob", "--password-stdin", stdin=PASSWORD)
    program.command("user", "disable", "Bob")
    for words, complaint in (
        (("user", "disable", "Nobody"), "There is nobody called Nobody"),
        (("user", "reset-link", "Bob"), "Bob is disabled"),
        (("backup", "/nonexistent/house.tar.gz"), "cannot be written"),
        (("restore", __file__), "is not empty"),
    ):
        done = program.command(*words)
        assert done.returncode == 1
        assert complaint in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


def test_looking_at_a_house_that_is_not_there_makes_none(program):
    program.command("user", "list")
    assert not program.data_dir.exists()
    assert not program.key_file.exists()


def test_the_last_administrator_stays(program):
    program.command("user", "add", "Alice", "--admin", "--password-stdin", stdin=PASSWORD)
    assert "Somebody must look after the house" in program.command("user", "disable", "Alice").stderr


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("HAUSBOTE_PORT", "99999", "HAUSBOTE_PORT"),
        ("HAUSBOTE_PORT", "many", "HAUSBOTE_PORT"),
        ("HAUSBOTE_PUBLIC_URL", "house", "HAUSBOTE_PUBLIC_URL"),
        ("HAUSBOTE_LOG_FORMAT", "xml", "HAUSBOTE_LOG_FORMAT"),
        ("HAUSBOTE_EXTRA_CA_FILE", "/nowhere.pem", "HAUSBOTE_EXTRA_CA_FILE"),
        ("HAUSBOTE_TRUSTED_PROXIES", "proxy", "HAUSBOTE_TRUSTED_PROXIES"),
        ("HAUSBOTE_DATABASE_URL", "mysql://x", "HAUSBOTE_DATABASE_URL"),
        ("HAUSBOTE_DATABASE_URL", "postgresql://x", "HAUSBOTE_DATABASE_URL"),
        ("HAUSBOTE_EXTRA_CA_FILE", __file__, "HAUSBOTE_EXTRA_CA_FILE"),
        ("HAUSBOTE_PRIVATE_SERVERS", "192.168.178", "HAUSBOTE_PRIVATE_SERVERS"),
        ("HAUSBOTE_DATA_DIR", "/proc/nothing", "The data folder /proc/nothing cannot be made"),
        ("HAUSBOTE_DATA_DIRR", "/tmp", "did you mean HAUSBOTE_DATA_DIR?"),
    ],
)
def test_a_wrong_setting_is_named(program, name, value, complaint):
    program.environment[name] = value
    done = program.command("serve")
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ({}, "http://localhost:8000"),
        ({"port": 9000}, "http://localhost:9000"),
        ({"port": "80"}, "http://localhost"),
        ({"port": 9000, "public_url": "https://house.example"}, "https://house.example"),
        ({"port": 9000, "public_url": ""}, "http://localhost:9000"),
    ],
)
def test_who_chooses_another_port_only_reaches_the_house_there(typed, address):
    settings = Settings(_env_file=None, **typed)
    assert (settings.public_url, settings.origin) == (address, address)


@pytest.mark.parametrize("by", ["setting", "option"])
def test_the_first_line_and_links_name_the_port_that_is_used(program, by):
    used, other = free_port(), free_port()
    program.environment |= {"HAUSBOTE_PORT": str(used if by == "setting" else other), "HAUSBOTE_PUBLIC_URL": ""}
    program.port, program.arguments = used, ("--port", str(used)) if by == "option" else ()
    program.start()
    assert f"open http://localhost:{used}/setup to begin" in program.log_file.read_text()


def test_check_says_what_is_wrong_and_how_to_mend_it(program):
    program.command("user", "add", "Alice", "--admin", "--password-stdin", stdin=PASSWORD)
    assert program.command("check").returncode == 0
    program.data_dir.chmod(0o755)
    program.key_file.chmod(0o644)
    program.environment["HAUSBOTE_PUBLIC_URL"] = "http://house.example"
    found = program.command("check")
    assert found.returncode == 1
    for words in ("chmod 700", "chmod 400", "plain http"):
        assert words in found.stdout
    (program.data_dir / "hausbote.sqlite").write_bytes(b"rubbish" * 1000)
    damaged = program.command("check")
    assert "the database is damaged" in damaged.stdout
    assert "Traceback" not in damaged.stderr


def test_a_house_whose_rows_are_elsewhere_is_looked_over_saved_and_brought_back(program, tmp_path):
    rows = tmp_path / "far" / "rows.db"
    program.environment["HAUSBOTE_DATABASE_URL"] = f"sqlite:///{rows}"
    assert "There is no house in" in program.command("backup", str(tmp_path / "none.tar.gz")).stderr
    assert f"{rows} does not exist yet" in program.command("check").stdout
    program.command("user", "add", "Alice", "--admin", "--password-stdin", stdin=PASSWORD)
    rows.chmod(0o644)
    assert f"chmod 600 {rows}" in program.command("check").stdout
    rows.chmod(0o600)
    well = program.command("check")
    assert (well.returncode, "ok    audit" in well.stdout) == (0, True), well.stdout
    assert program.command("backup", str(tmp_path / "house.tar.gz")).returncode == 0
    program.environment["HAUSBOTE_DATABASE_URL"] = f"sqlite:///{tmp_path / 'third.db'}"
    program.environment["HAUSBOTE_DATA_DIR"] = str(tmp_path / "other")
    assert program.command("restore", str(tmp_path / "house.tar.gz")).returncode == 0
    assert program.command("user", "list").stdout == "Alice\tadministrator\n"
    (tmp_path / "third.db").write_bytes(b"rubbish" * 1000)
    assert "the database is damaged" in program.command("check").stdout


def test_a_wrong_master_key_refuses_to_start_and_changes_nothing(program):
    program.command("user", "add", "Alice", "--admin", "--password-stdin", stdin=PASSWORD)
    before = (program.data_dir / "hausbote.sqlite").read_bytes()
    good = program.key_file.read_bytes()
    program.key_file.unlink()
    missing = program.command("serve")
    assert (missing.returncode, program.key_file.exists()) == (1, False)
    assert "cannot be read" in missing.stderr
    program.key_file.write_bytes(b"x" * 32)
    wrong = program.command("serve")
    assert wrong.returncode == 1
    assert "not the master key" in wrong.stderr
    assert (program.data_dir / "hausbote.sqlite").read_bytes() == before
    program.key_file.write_bytes(good)
    assert program.command("user", "list").stdout == "Alice\tadministrator\n"


def test_a_second_process_on_the_folder_says_so_and_leaves(program):
    """R17."""
    program.start()
    second = Program(program.folder, port=free_port())
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "webapp", "serve"],
        env=second.env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert f"process {program.process.pid}" in done.stderr
    assert time.monotonic() - began < 5 + _load_seconds()
    assert program.answers()


def test_a_process_that_stands_still_keeps_its_house_and_goes_on(program):
    """R17: whoever holds the folder is stopped; a second one leaves all the same, and the first is none the worse."""
    program.command("user", "add", "Alice", "--admin", "--password-stdin", stdin=PASSWORD)
    program.start()
    second = Program(program.folder, port=free_port())
    program.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        done = second.command("serve")
        took = time.monotonic() - began
    finally:
        program.process.send_signal(signal.SIGCONT)
    assert done.returncode == 1
    assert f"Another Hausbote (process {program.process.pid}) uses the data folder" in done.stderr
    assert "Stop it first, or set HAUSBOTE_DATA_DIR to another folder." in done.stderr
    assert took < 5 + _load_seconds()
    with Visitor(program.url) as alice:
        alice.sign_in("Alice", PASSWORD.strip())
        family = alice.conversation_called("Family")
        alice.send(family, "Where was I?")
        alice.until(lambda: [bubble.delivery for bubble in alice.bubbles(family)] == ["sent"])


def _load_seconds():
    """How long this machine takes, right now, for what every Python program does first."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import typer, pydantic_settings"], check=True)
    return time.monotonic() - began


def test_what_was_killed_can_be_started_again(program):
    program.start()
    program.kill()
    program.start()
    assert program.answers()


def test_the_house_leaves_within_ten_seconds_of_being_asked(program):
    """R23; with a request that hangs and a websocket that nobody reads."""
    for _ in range(3):
        program.start()
        with _idle_line(program), _idle_line(program):
            assert program.stop() < 10
        assert "Traceback" not in program.log_file.read_text()


def test_a_port_that_is_taken_is_said(program):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", program.port))
        listener.listen()
        done = program.command("serve")
    assert done.returncode != 0
    assert "address already in use" in done.stderr


@contextmanager
def _idle_line(program):
    """A browser that began a request and does not go on."""
    with socket.create_connection(("127.0.0.1", program.port)) as line:
        line.sendall(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nname=")
        yield line
