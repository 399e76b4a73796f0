"""Tests of Weibo on the wire."""
