"""``python -m webapp`` is ``hausbote``."""

from webapp.cli import main

main()
