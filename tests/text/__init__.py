"""Tests of tasks/text."""
