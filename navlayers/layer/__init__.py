"""Navigator layers: document, building, colors, matrix."""
