"""Which capabilities to put in place: the most coverage for a budget, or the smallest set for a target."""
