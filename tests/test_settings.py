"""A setting that cannot be used is named at the start, with what would be right; a good one means what it says."""

import pytest

from tests.certificates import Authority
from webapp.settings import Settings, WrongSettings, load_settings


@pytest.fixture(autouse=True)
def _nothing_else(monkeypatch, tmp_path):
    """Neither the settings nor the ``.env`` of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"HAUSBOTE_{name.upper()}", raising=False)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("EXTRA_CA_FILE", "nowhere.pem", "there is no file nowhere.pem"),
        ("EXTRA_CA_FILE", __file__, "must be a PEM file with certificates"),
        ("EXTRA_CA_FILE", "~nobody-lives-here/ca.pem", "there is no such home folder; write the whole path"),
        ("PRIVATE_SERVERS", "fritz.box 192.168.178.0/33", "'192.168.178.0/33' is neither a host name nor a range"),
        ("PRIVATE_SERVERS", "192.168.178", "must look like chat.home.example or 192.168.178.0/24"),
        ("PRIVATE_SERVERS", "192.168.178.256", "must look like"),
        ("PRIVATE_SERVERS", "https://chat.home.example", "must look like"),
        ("PRIVATE_SERVERS", "chat.home.example:5222", "must look like"),
        ("PRIVATE_SERVERS", "*.home.example", "must look like"),
        ("PRIVATE_SERVERS", "-chat.example", "must look like"),
        ("PRIVATE_SERVERS", "chat..example", "must look like"),
        ("PRIVATE_SERVERS", "x" * 64, "must look like"),
        ("DATABASE_URL", "mysql://x", "must be sqlite:/// and the path of a file"),
        ("DATABASE_URL", "postgresql://x", "this version keeps everything in SQLite"),
        ("DATABASE_URL", "sqlite:///", "the path of a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "the path of a file"),
        ("DATA_DIR", "~nobody-lives-here/data", "there is no such home folder"),
        ("KEY_FILE", "~nobody-lives-here/key", "there is no such home folder"),
    ],
)
def test_a_wrong_value_is_said_with_what_would_be_right(monkeypatch, name, value, complaint):
    monkeypatch.setenv(f"HAUSBOTE_{name}", value)
    with pytest.raises(WrongSettings) as refused:
        load_settings()
    assert str(refused.value).startswith(f"HAUSBOTE_{name}")
    assert complaint in str(refused.value)


def test_a_file_of_authorities_that_may_not_be_read_is_said(monkeypatch, tmp_path):
    """Whoever may read everything gets on to what is in it, which is nothing."""
    (tmp_path / "ca.pem").touch(mode=0)
    monkeypatch.setenv("HAUSBOTE_EXTRA_CA_FILE", "ca.pem")
    with pytest.raises(WrongSettings, match=r"HAUSBOTE_EXTRA_CA_FILE.*(cannot be read|must be a PEM file)"):
        load_settings()


def test_a_password_in_the_address_of_a_database_is_not_repeated(monkeypatch):
    monkeypatch.setenv("HAUSBOTE_DATABASE_URL", "postgresql://house:hush@db/house")
    with pytest.raises(WrongSettings) as refused:
        load_settings()
    assert "hush" not in str(refused.value)


def test_good_values_are_taken(monkeypatch, tmp_path):
    servers = ("fritz.box", "localhost", "192.168.178.0/24", "10.0.0.7", "fd00::/8", "::1", "chat_1.müller.example")
    authority = Authority(tmp_path)
    monkeypatch.setenv("HAUSBOTE_PRIVATE_SERVERS", ", ".join(servers))
    monkeypatch.setenv("HAUSBOTE_EXTRA_CA_FILE", str(authority.ca_file))
    settings = load_settings()
    assert (settings.private_servers, settings.extra_ca_file) == (servers, authority.ca_file)


def test_a_tilde_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HAUSBOTE_DATA_DIR", "~/house")
    monkeypatch.setenv("HAUSBOTE_KEY_FILE", "~/house.key")
    settings = load_settings()
    assert (settings.data_dir, settings.key_file) == (tmp_path / "house", tmp_path / "house.key")


@pytest.mark.parametrize(
    ("url", "file"),
    [("", "data/hausbote.sqlite"), ("sqlite:///rows.db", "rows.db"), ("sqlite:////srv/a.db?timeout=9", "/srv/a.db")],
)
def test_the_file_of_the_rows_is_known(tmp_path, url, file):
    assert Settings(_env_file=None, database_url=url).rows_file == tmp_path / file
