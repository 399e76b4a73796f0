"""Independent reference computations that the tests compare results with."""
