"""What libraries in native code need: calls that Ctrl-C stops, workbooks that are not written after an error."""
