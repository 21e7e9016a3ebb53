"""Mapping sets: the model, finding, loading and remapping them; formats."""
