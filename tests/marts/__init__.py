"""Golden cases of the marts."""
