"""Loops in a graph: one node, a *scan*, whose body is a graph of its own."""
