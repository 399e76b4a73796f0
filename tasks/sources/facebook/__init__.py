"""Facebook on the wire."""
