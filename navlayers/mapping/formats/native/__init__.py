"""Native YAML, navlayers' own format; docs/native-yaml.md describes it. read.py reads it, write.py writes it."""
