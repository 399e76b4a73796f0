"""Tests of dataabc's files."""
