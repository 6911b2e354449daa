"""The library in a browser: Datasette on the library file, reading only, on this machine only."""

DEFAULT_PORT = 8001
