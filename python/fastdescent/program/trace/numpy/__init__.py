"""What NumPy's functions mean on traced arrays, a table per kind of function."""
