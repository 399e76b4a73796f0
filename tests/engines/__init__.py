"""Who works tables out."""
