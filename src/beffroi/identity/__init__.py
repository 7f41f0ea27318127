"""Floor 1: who is this? Keys, statuses, the cross-reference. Pure."""
