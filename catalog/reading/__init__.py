"""Every read but search: videos, lineage, statistics, and the work that journeys still have to do.

Plain SQL over a read-only connection, into records. Nothing in this room writes or knows a network.
"""
