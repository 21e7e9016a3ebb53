"""Threats: the weighted techniques of groups, software, campaigns, tactics, layers and tables.

`resolve.threat_model(words, catalogue)` gives a `ThreatModel`; `resolve.with_threat(inputs, words)` finds the
release first, which may depend on what was chosen.
"""
