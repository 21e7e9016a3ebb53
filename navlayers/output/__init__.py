"""Bytes: documents, tables, drawings and files; no rules of ATT&CK."""
