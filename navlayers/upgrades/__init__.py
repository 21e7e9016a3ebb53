"""Carrying mapping sets and layers to another ATT&CK release: every id accounted for, every change reported."""
