"""Secrets appear nowhere but where they belong (S27)."""

import logging

import pytest
import structlog

from tests.program import Program
from webapp.logs import set_up_logs

PASSWORD = "canary otters borrow a lamp"


def test_logs_say_only_what_is_allowed(capsys):
    for form in ("text", "json"):
        set_up_logs("debug", form)
        structlog.get_logger("hausbote.test").info("told", account_id=7, body="canary-body", address="here")
        try:
            int("canary-in-an-error")
        except ValueError:
            structlog.get_logger("hausbote.test").exception("it broke", password="canary-password")
            logging.getLogger("hausbote.other").exception("it broke again")
        logging.getLogger("slixmpp").info("SEND: canary-stanza")
        logging.getLogger("slixmpp").debug("SEND: canary-stanza")
        written = capsys.readouterr().err
        assert "told" in written
        assert "account_id" in written
        assert "it broke again" in written
        assert "ValueError" in written
        assert "canary" not in written, written
    set_up_logs("info", "text")


@pytest.mark.process
def test_passwords_and_links_are_in_no_file_of_the_house(tmp_path):
    program = Program(tmp_path / "house")
    program.folder.mkdir()
    made = program.command("user", "add", "Alice", "--admin", "--password-stdin", stdin=f"{PASSWORD}\n")
    token = program.command("user", "reset-link", "Alice").stdout.strip().rpartition("/")[2]
    with program.start():
        program.stop()
    for path in [path for path in program.folder.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        assert PASSWORD.encode() not in content, path
        assert token.encode() not in content, path
        if path != program.key_file:
            assert program.key_file.read_bytes().strip() not in content, path
    assert "canary" not in made.stdout + made.stderr
