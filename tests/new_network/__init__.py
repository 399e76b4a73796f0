"""The skeleton of a network: what `python -m tests.new_network` copies."""
