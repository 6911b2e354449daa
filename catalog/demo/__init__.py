"""A sample gateway and a sample library: for trying out the catalog without an account, and for its tests."""
