"""What is written for people is what the program does."""

import re
from pathlib import Path

from webapp.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
NAMES = {PREFIX + name.upper() for name in Settings.model_fields}


def test_the_readme_names_every_setting_and_no_other():
    table = "\n".join(
        line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("| `HAUS")
    )
    assert set(re.findall(rf"{PREFIX}\w+", table)) == NAMES


def test_the_example_names_every_setting_with_its_default():
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    named = dict(line.lstrip("#").split("=", 1) for line in lines if line.startswith(f"#{PREFIX}"))
    assert named.keys() == NAMES
    for name, value in named.items():
        default = Settings.model_fields[name.removeprefix(PREFIX).lower()].default
        shown = "" if default in (None, (), "") else str(default)
        assert value.removeprefix("./") == shown, name


def test_every_setting_that_is_written_about_exists():
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        assert set(re.findall(rf"\b{PREFIX}\w+", path.read_text("utf-8"))) <= NAMES, path
