"""Tencent Weibo's archives."""
