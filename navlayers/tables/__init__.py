"""Tables of sets, their scores and ATT&CK for databases, notebooks and business intelligence, of one schema."""
