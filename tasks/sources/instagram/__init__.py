"""Instagram on the wire."""
