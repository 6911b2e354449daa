"""The command line: each command parses, calls one verb of the Catalog and renders what it answers."""
