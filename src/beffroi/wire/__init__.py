"""Bytes to nouns and back. Pure: no socket, no file, no clock."""
