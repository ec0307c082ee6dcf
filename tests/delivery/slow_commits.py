"""``python -m tests.delivery.slow_commits serve``: the program, on a disk that takes its time.

Every transaction waits 50 to 300 ms before it is committed, with everything in it done already: that is where a kill
hurts most. The program knows nothing of it.
"""

import random
import sys
import time

from sqlalchemy import Connection, Engine, event

from webapp.cli import main

SAYS = "every commit waits 50 to 300 ms"


def wait(_connection: Connection) -> None:
    """Between the work and its commit."""
    time.sleep(random.uniform(0.05, 0.3))


if __name__ == "__main__":
    print(SAYS, file=sys.stderr)
    event.listen(Engine, "commit", wait)
    main()
