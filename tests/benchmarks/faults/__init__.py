"""Faults on purpose, measured."""
