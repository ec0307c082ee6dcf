"""The program, and the line that leads to it."""

from pathlib import Path

from tests.journeys.line import Line
from tests.program import Program, free_port


class Stage:
    """Browsers use ``line.url``; ``program`` is the process behind it."""

    def __init__(self, folder: Path) -> None:
        self.line = Line(free_port())
        self.program = Program(folder, HAUSBOTE_PUBLIC_URL=self.line.url)
        self.line.leads_to(self.program.port)

    def close(self) -> None:
        self.program.kill()
        self.line.close()
