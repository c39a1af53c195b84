"""Checks a Program before any engine sees it."""
