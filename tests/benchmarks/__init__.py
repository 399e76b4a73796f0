"""Benchmarks: one command each, a table and JSON; never part of the tests."""
