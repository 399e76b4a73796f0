"""Verdicts: what is thought of each account, and why."""
