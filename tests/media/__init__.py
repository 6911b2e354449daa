"""Tests of catalog.media."""
