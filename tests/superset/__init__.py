"""Apache Superset with the shipped dashboards, started for real."""
