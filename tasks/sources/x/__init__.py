"""X on the wire."""
