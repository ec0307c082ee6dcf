"""Below a conversation where one cannot simply write: everybody can use what stands there, on a small phone too."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.people import Person
from tests.journeys.stage import Stage
from tests.journeys.test_everybody import violations
from tests.journeys.test_names import write

People = Callable[..., Person]
LONG = "It is me, from the choir! " * 35 + "x" * 90
REASON = {
    "msgid": "%(said)s The reason that was given: %(text)s",
    "values": {"said": {"msgid": "A moderator banned you from this group.", "values": {}}, "text": LONG[-300:]},
}
FEET = {
    "asked": {"state": "invited", "kind": "direct", "invited_by": "Bob", "invitation": LONG},
    "invited": {"state": "invited", "kind": "group", "invited_by": "Bob", "invitation": "Come"},
    "no contact": {"state": "declined", "kind": "direct"},
    "declined": {"state": "declined", "kind": "group"},
    "left": {"state": "left", "kind": "group", "draft": LONG},
    "put out": {"state": "left", "kind": "group", "left_because": json.dumps(REASON)},
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_what_stands_where_one_cannot_write(
    house: Stage, person: People, scheme: str, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    folder = Path(pytestconfig.getoption("--pictures", None) or tmp_path)
    alice = person("Alice", color_scheme=scheme, viewport={"width": 320, "height": 640}).signs_in()
    alice.starts_with("Bob")
    alice.says("Is there soup?")
    alice.sees("Is there soup?")
    found: dict[str, list[str]] = {}
    for name, columns in FEET.items():
        values = {"invited_by": "", "invitation": "", "draft": "", "left_because": "", **columns}
        changed = ", ".join(f"{column} = ?" for column in values)
        write(house, f"UPDATE conversation SET {changed} WHERE remote_id LIKE 'pair:%'", *values.values())
        alice.page.reload()
        alice.page.screenshot(path=folder / f"{name}-{scheme}.png")
        found[name] = violations(alice.page)
        if alice.page.locator(".composer").evaluate("box => box.scrollWidth > box.clientWidth"):
            found[name].append("it is wider than the screen")
    assert {name: said for name, said in found.items() if said} == {}
