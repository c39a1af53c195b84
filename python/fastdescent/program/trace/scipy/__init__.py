"""Functions of SciPy on traced values, in tables from their full name to a function of a builder and the arguments.

SciPy has no protocol such as NumPy's. Whoever runs the user's function puts these in the place of SciPy's.
"""
