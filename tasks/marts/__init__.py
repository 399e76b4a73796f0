"""Marts: from staging and verdicts to the tables that readers see."""
