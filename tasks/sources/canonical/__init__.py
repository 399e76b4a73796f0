"""The canonical tables as files."""
