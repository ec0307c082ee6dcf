"""What a person can be asked to do about the keys of their account, by name."""

from webapp.languages import N_, Sentence
from webapp.networks.errors import Refused
from webapp.networks.login import Dialogue
from webapp.networks.matrix.health import SET_UP, START_ANEW, UNLOCK
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.tasks_key_file import EXPORT, IMPORT, Export, Import
from webapp.networks.matrix.tasks_set_up import SetUp
from webapp.networks.matrix.tasks_unlock import Unlock


def begin(line: Line, task: str) -> Dialogue:
    """The dialogue of a task. Raises Refused when there is no such thing to do."""
    if line.keys is not None:
        if task == UNLOCK:
            return Unlock(line, line.keys)
        if task in {SET_UP, START_ANEW}:
            return SetUp(line, line.keys, anew=task == START_ANEW)
        if task == EXPORT:
            return Export(line.keys)
        if task == IMPORT:
            return Import(line, line.keys)
    raise Refused(Sentence(N_("There is nothing to do here any more.")))
