"""Pages and charts drawn from the published marts."""
