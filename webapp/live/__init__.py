"""The websocket side: what changes in the rows is pushed as fragments to the tabs that are looking."""
