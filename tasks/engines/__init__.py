"""Engines: where tables stand and who works them out, DuckDB or Spark."""
