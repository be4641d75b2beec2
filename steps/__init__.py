"""Phrase -> probe -> assertion: one file per domain."""
