"""The command line: what each command may be told, and what it then calls."""
