"""Staging: landed records become the canonical tables, or go to quarantine."""
