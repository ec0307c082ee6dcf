"""Ids in addresses: what no row could have is no id."""

from typing import Annotated

from fastapi import Path

Id = Annotated[int, Path(ge=1, lt=2**63)]
"""An id of a row; any other number is an address that does not exist."""
