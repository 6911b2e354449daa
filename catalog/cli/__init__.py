"""The command line: each command parses its arguments, calls one method of `Catalog` and prints the answer."""
