"""Weibo on the wire."""
