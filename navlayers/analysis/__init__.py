"""Analyses of scored inputs: comparison, difference, gaps against a threat, plans."""
