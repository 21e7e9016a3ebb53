"""Readers of detection content: rules, analytics and tests that name techniques. One module per format."""
