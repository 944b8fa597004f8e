"""Stepdown."""
