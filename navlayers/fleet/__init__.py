"""Fleets: thousands of tenants scored by the same rule on DuckDB or another engine, and rolled up per technique."""
