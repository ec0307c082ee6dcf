"""The measurements. ``make bench`` runs all of them; ``python -m bench pages arrival`` only some.

Each module measures one thing on a running house and returns rows of (name, figure, unit, goal).
"""
