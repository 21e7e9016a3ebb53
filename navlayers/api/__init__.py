"""The public functions: names, paths or objects in, results or files out."""
