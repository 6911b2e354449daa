"""The bytes of videos and pictures: what they are, whether they are whole, where they are kept, what they look like.

Knows no library and no network.
"""
