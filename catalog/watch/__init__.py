"""Folders of clips and pictures, which stay where they lie: one scan of them, and scanning on while things happen.

A scan (`run.py`) walks a folder (`scanning.py`), says whether it can be judged at all (`folders.py`), looks twice at what
is new (`settling.py`) and takes it in (`taking.py`).
"""
