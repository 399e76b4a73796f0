"""Bluesky on the wire."""
