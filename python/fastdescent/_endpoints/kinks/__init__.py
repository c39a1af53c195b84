"""Minima where the function is not smooth."""
