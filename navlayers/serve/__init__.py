"""The local server: layers for the ATT&CK Navigator."""
