"""Publication: what readers see, proved and swapped as a whole."""
