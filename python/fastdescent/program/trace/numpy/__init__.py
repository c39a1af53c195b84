"""The meaning of NumPy's functions on traced arrays, one table per kind of function."""
