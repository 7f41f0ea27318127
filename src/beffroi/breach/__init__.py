"""Floor 1: whose data were seen, how grave it is, and what is told of it. Pure."""
