"""Who may import whom: the floors, the walls between the networks, and libraries that only one room knows."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = ROOT / "webapp"
NETWORKS = PROGRAM / "networks"

ONLY_HERE = {
    "jose": "webapp/tokens.py",
    "slixmpp": "webapp/networks/xmpp/",
    "aiodns": "webapp/networks/xmpp/",
    "nio": "webapp/networks/matrix/",
    "vodozemac": "webapp/networks/matrix/",
    "aiohttp": "webapp/networks/matrix/",
    "peewee": "webapp/networks/matrix/encryption/",
    "argon2": "webapp/passwords.py",
    "cryptography": ("webapp/vault.py", "webapp/networks/"),
    "nh3": "webapp/formatted.py",
    "markdown_it": "webapp/formatted.py",
    "PIL": "webapp/picture_maker.py",
    "segno": "webapp/pages/invitations.py",
}


@cache
def imports() -> list[tuple[str, str]]:
    """Every file of the program with each module that it imports; read once for all tests."""
    return list(_imports())


def _imports() -> Iterator[tuple[str, str]]:
    for path in sorted(PROGRAM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                yield path.relative_to(ROOT).as_posix(), name


def test_the_floors_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("library", "place"), ONLY_HERE.items())
def test_a_library_is_known_in_one_place_only(library, place):
    users = {path for path, name in imports() if name.split(".")[0] == library}
    assert not [path for path in users if not path.startswith(place)]


def test_a_network_is_imported_by_nobody_outside_its_folder():
    folders = [path.name for path in NETWORKS.iterdir() if (path / "__init__.py").is_file()]
    assert folders
    for folder in folders:
        inside, module = f"webapp/networks/{folder}/", f"webapp.networks.{folder}"
        strangers = {path for path, name in imports() if f"{name}.".startswith(f"{module}.")}
        assert not [path for path in strangers if not path.startswith(inside)]


def test_html_is_marked_safe_in_one_place_only():
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = path.read_text("utf-8")
        for word in ("|safe", "| safe", "Markup(", "autoescape false", "|xmlattr", "| xmlattr"):
            assert word not in text, path


def test_only_markup_makes_markup():
    for path in sorted(PROGRAM.rglob("*.py")):
        if path != PROGRAM / "markup.py":
            assert "Markup(" not in path.read_text("utf-8"), path


def test_templates_carry_nothing_that_the_content_policy_forbids():
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = path.read_text("utf-8")
        for word in ("style=", "<style", "javascript:", " onclick", " onload", " onsubmit", "<script>"):
            assert word not in text, (path, word)
