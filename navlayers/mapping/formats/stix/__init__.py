"""STIX bundles of mapping sets, 2.0 and 2.1: read.py reads them, write.py writes 2.1."""
