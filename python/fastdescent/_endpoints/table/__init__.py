"""The table of critical points: rows, sets, counts, merging, words."""
