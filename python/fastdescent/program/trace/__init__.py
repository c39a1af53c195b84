"""The user's function on traced values: NumPy, SciPy, text and SymPy become a graph."""
