"""The tasks of keys, gone through as a person does."""

from tests.networks.following import Following
from webapp.networks.login import Dialogue, Finished, Form, Show
from webapp.networks.matrix.tasks import SET_UP, UNLOCK


async def begun(seen: Following, task: str) -> tuple[Dialogue, Form | Show]:
    await seen.until(lambda: seen.checkpoint)
    dialogue = await seen.session.begin(task)
    step = await dialogue.start()
    assert isinstance(step, Form | Show)
    return dialogue, step


async def set_up(seen: Following, task: str = SET_UP, password: str = "") -> str:
    """Our keys are set up; the recovery key."""
    dialogue, _ = await begun(seen, task)
    step = await dialogue.submit({"button": "go"})
    if password:
        assert isinstance(step, Form)
        assert [field.name for field in step.fields] == ["password"]
        step = await dialogue.submit({"password": password})
    assert isinstance(step, Show), step
    [key] = step.lines
    assert step.download
    assert str(key).encode() in step.download.content
    assert isinstance(await dialogue.submit({"button": "kept"}), Finished)
    return str(key)


async def unlock(seen: Following, typed: str) -> None:
    dialogue, step = await begun(seen, UNLOCK)
    assert isinstance(step, Form)
    assert isinstance(await dialogue.submit({"key": typed}), Finished)
