"""Tests; they mirror the folders that they test."""

import gc

# As the command does: libraries and tests make a million objects that stay.
gc.set_threshold(100_000, 50, 100)
