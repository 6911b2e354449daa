"""Tests of catalog.media.marks."""
