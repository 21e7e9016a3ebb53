"""Upgrades of mapping sets and layers to another ATT&CK release, with a report of every id."""
