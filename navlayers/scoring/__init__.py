"""Scores: from mappings to numbers per technique."""
