"""Bytes: documents, tables, drawings and files; nothing of ATT&CK."""
