"""OSCAL, NIST's format of controls and their implementation: `read` its files, `write` assessment results."""
