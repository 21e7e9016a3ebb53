"""Pictures, workbooks and tables of any Navigator layer."""
