"""YouTube on the wire."""
