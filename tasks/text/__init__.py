"""Chinese text: what people say and how they feel about it."""
