"""Campaign algorithms that SQL can't say well: repost cascades."""
