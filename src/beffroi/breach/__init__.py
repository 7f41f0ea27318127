"""Floor 1: whose data were seen. Pure."""
