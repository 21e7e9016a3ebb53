"""Pure text helpers, a module per subject; import names from the module that has them."""
