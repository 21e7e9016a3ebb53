"""Turn mappings of security controls to MITRE ATT&CK into ATT&CK Navigator layers."""
