"""The verbs. Each takes a database session first, changes rows, and announces what screens must catch up with."""
