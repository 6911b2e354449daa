"""Asking one account of one server: addresses, deadlines, retries, paging, media.

`wire` says what the answers mean. Nothing here knows a configuration or a database.
"""
