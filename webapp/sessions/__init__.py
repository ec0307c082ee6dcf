"""Keeping accounts connected. One task an account, all on one loop in a thread of its own.

The loop that serves pages never carries protocol work: parsing, cryptography and catching up of fifty accounts at once
happen here, and the interpreter switches between the two threads every few milliseconds (``docs/measurements.md`` has
the figures).
"""
