"""The one kind of error that a command ends with in a sentence instead of a traceback."""


class Unusable(Exception):
    """This cannot be done with this installation as it is. The text says why, and what to do."""
