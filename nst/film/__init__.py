"""Films: read, painted frame after frame, steadily, and written."""
