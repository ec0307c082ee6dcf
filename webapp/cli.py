"""``hausbote``: the commands, as they are typed. What they do is in ``commands``.

``commands`` is imported late: loading the whole program takes a second or more, and a second process on the same data
folder, a misspelt setting or ``--help`` should not have to wait for it.
"""

import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from webapp import __version__
from webapp.lock import FolderLock
from webapp.settings import WrongSettings, load_settings
from webapp.unusable import Unusable

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print the values of variables, and some of ours are secret
    help=f"Hausbote {__version__}.",
)
user = typer.Typer(no_args_is_help=True, help="The people of the house.")
audit = typer.Typer(no_args_is_help=True, help="The record of what was done.")
app.add_typer(user, name="user")
app.add_typer(audit, name="audit")

Name = Annotated[str, typer.Argument(help="The user's name.")]


def main() -> None:
    """The console script. What a person can mend is said in a sentence, without a traceback."""
    try:
        app()
    except Unusable as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None


def _commands() -> ModuleType:
    from webapp import commands  # late, see above

    return commands


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Where to listen; default: HAUSBOTE_HOST.")] = "",
    port: Annotated[int, typer.Option(help="Default: HAUSBOTE_PORT.")] = 0,
    role: Annotated[str, typer.Option(help="all, web or sessions.")] = "all",
) -> None:
    """Run the house."""
    settings = load_settings(**{name: value for name, value in (("host", host), ("port", port)) if value})
    if role not in {"all", "web", "sessions"}:
        raise WrongSettings(f"--role {role} is none of all, web, sessions.")
    if role != "all":
        raise WrongSettings(f"--role {role} needs PostgreSQL, which this version does not use yet. Leave --role out.")
    lock = FolderLock(settings.data_dir)
    _commands().serve(settings, lock)


@app.command()
def migrate() -> None:
    """Bring the tables to the state that this version expects."""
    settings = load_settings()
    lock = FolderLock(settings.data_dir)
    print(_commands().migrate(settings))
    lock.release()


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The archive to write.")]) -> None:
    """Write everything but the master key into one file; the house may go on meanwhile."""
    print(_commands().backup(load_settings(), file))


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="The archive to bring back.")]) -> None:
    """Bring a backup back into an empty data folder. Everybody signs in anew."""
    print(_commands().restore(load_settings(), file))


@app.command()
def check() -> None:
    """Say what is wrong with this installation, and how to mend it."""
    words, well = _commands().check(load_settings())
    print(words)
    raise SystemExit(0 if well else 1)


@user.command("add")
def user_add(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="Let them look after the house.")] = False,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from there.")] = False,
) -> None:
    """Make a user."""
    settings = load_settings()
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    print(_commands().add(settings, name, password, admin=admin))


@user.command("list")
def user_list() -> None:
    """Everybody in the house."""
    for line in _commands().everybody(load_settings()):
        print(line)


@user.command("disable")
def user_disable(name: Name) -> None:
    """Keep somebody out, and sign them out everywhere."""
    print(_commands().keep_out(load_settings(), name))


@user.command("reset-link")
def user_reset_link(name: Name) -> None:
    """A link with which somebody chooses a new password; good once, for an hour."""
    print(_commands().reset_link(load_settings(), name))


@audit.command("verify")
def audit_verify() -> None:
    """Say whether the record is as it was written."""
    print(_commands().verify(load_settings()))
