"""The journeys of Content Credentials: files that are due are checked, kept checks told, trust lists kept up to date.

What a check is, `provenance` knows; what is kept, `store` and `reading`. Only `lists` asks a server, and only when that
is asked for.
"""
