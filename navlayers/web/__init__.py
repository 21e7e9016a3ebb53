"""Web pages: styles, scripts and the report as HTML."""
