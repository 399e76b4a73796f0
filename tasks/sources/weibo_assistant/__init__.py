"""Weibo's interface for assistants on the wire."""
