"""Tests; they mirror the folders that they test."""
