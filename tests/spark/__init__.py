"""DuckDB and Spark side by side."""
