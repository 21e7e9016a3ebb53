"""Results as documents, tables and files."""
