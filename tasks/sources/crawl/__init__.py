"""The crawl of an API, the same for every network."""
