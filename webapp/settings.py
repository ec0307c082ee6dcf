"""Every knob of the installation, once.

Values come from the environment or from a ``.env`` file in the working directory; every name starts with ``HAUSBOTE_``.
A name that is misspelt is an error that says what would be right, because a setting that is silently ignored is
a house whose door stays open.
"""

import difflib
import os
import re
import ssl
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from webapp.unusable import Unusable

PREFIX = "HAUSBOTE_"
SQLITE = "sqlite:///"
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")


class WrongSettings(Unusable):
    """The settings cannot be used; the text names each wrong one and says what would be right."""


class Settings(BaseSettings):
    """The settings of one installation. Defaults serve one household on one machine."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str = ""
    public_url: str = "http://localhost:8000"
    key_file: Path = Path("~/.config/hausbote/master.key")
    extra_ca_file: Path | None = None
    private_servers: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"

    @model_validator(mode="before")
    @classmethod
    def _where_it_listens(cls, given: dict[str, object]) -> dict[str, object]:
        """Who chooses another port and nothing else reaches the house there: links, Host and Origin fit."""
        port = str(given.get("port", ""))
        if given.get("public_url") or not port.isdecimal():
            return given
        return given | {"public_url": "http://localhost" if int(port) == 80 else f"http://localhost:{int(port)}"}

    @field_validator("data_dir", "key_file", "extra_ca_file")
    @classmethod
    def _at_home(cls, value: Path | None) -> Path | None:
        """``~`` is the home folder, as in a shell."""
        try:
            return value.expanduser() if value else None
        except RuntimeError:
            raise ValueError("begins with ~, but there is no such home folder; write the whole path") from None

    @field_validator("private_servers", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Lists are written with commas or spaces between the entries."""
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("port")
    @classmethod
    def _port(cls, value: int) -> int:
        if not 1 <= value <= 65535:
            raise ValueError("must be a port between 1 and 65535")
        return value

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("must look like https://house.example, without a path")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database_url(cls, value: str) -> str:
        if value and (not value.startswith(SQLITE) or value.removeprefix(SQLITE) in {"", ":memory:"}):
            raise ValueError(
                "this version keeps everything in SQLite; "
                "must be sqlite:/// and the path of a file, like sqlite:////srv/house.sqlite"
            )
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            ip_network(entry, strict=False)
        return value

    @field_validator("private_servers")
    @classmethod
    def _servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if not _is_range(entry) and not _is_host_name(entry):
                raise ValueError(
                    f"{entry!r} is neither a host name nor a range of addresses; "
                    "must look like chat.home.example or 192.168.178.0/24"
                )
        return value

    @field_validator("extra_ca_file")
    @classmethod
    def _ca_file(cls, value: Path | None) -> Path | None:
        """Read once here, so that a wrong file is said at the start and not when somebody connects."""
        if value is None:
            return None
        if not value.is_file():
            raise ValueError(f"there is no file {value}")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=value)
        except ssl.SSLError:
            raise ValueError("must be a PEM file with certificates (-----BEGIN CERTIFICATE-----)") from None
        except OSError as error:
            raise ValueError(f"the file cannot be read ({error.strerror})") from None
        return value

    @cached_property
    def rows_file(self) -> Path:
        """The file that the database is in; below the data folder unless ``database_url`` names another."""
        if not self.database_url:
            return self.data_dir.absolute() / "hausbote.sqlite"
        return Path(self.database_url.removeprefix(SQLITE).partition("?")[0]).absolute()

    @cached_property
    def engine_url(self) -> str:
        """The database as SQLAlchemy wants it."""
        return self.database_url or f"{SQLITE}{self.rows_file}"

    @cached_property
    def origin(self) -> str:
        """Scheme, host and port that browsers must name in ``Origin`` (RFC 6454)."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower()

    @cached_property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def load_settings(**typed: Any) -> Settings:
    """Read the settings; raises WrongSettings with one line for each setting that is wrong.

    ``typed`` are those of the command line (``port=9000``), which stand above all others.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given = {name for name in (*os.environ, *dotenv_values(".env")) if name.upper().startswith(PREFIX)}
    complaints = [_unknown(name, known) for name in sorted(given) if name.upper() not in known]
    try:
        settings = Settings(**typed)
    except ValidationError as error:
        complaints += [_wrong(str(found["loc"][0]), found["input"], found["msg"]) for found in error.errors()]
        raise WrongSettings("\n".join(complaints)) from None
    if complaints:
        raise WrongSettings("\n".join(complaints))
    return settings


def _wrong(name: str, value: object, complaint: str) -> str:
    """One line. The address of a database is not repeated, because people write passwords into it."""
    given = "" if name == "database_url" else f" = {value!r}"
    return f"{PREFIX}{name.upper()}{given}: {complaint.removeprefix('Value error, ')}"


def _is_range(entry: str) -> bool:
    try:
        ip_network(entry, strict=False)
    except ValueError:
        return False
    return True


def _is_host_name(entry: str) -> bool:
    """Labels between dots (RFC 1123 section 2.1); the last is no number, so no mistyped address passes for a name."""
    labels = entry.split(".")
    return len(entry) <= 253 and not labels[-1].isdecimal() and all(map(_LABEL.fullmatch, labels))


def _unknown(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name.upper(), known, n=1)
    hint = f"did you mean {near[0]}?" if near else "known are " + ", ".join(sorted(known))
    return f"{name} is not a setting: {hint}"
