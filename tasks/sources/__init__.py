"""What each platform and file format looks like on the wire."""
