"""Attacks and laws that grow: a sample of each in `make test`, all of it in `make soak`."""
