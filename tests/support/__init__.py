"""Helpers for tests; nothing here is installed."""
