"""Copies of the user's functions, which run on traced values.

`float(x[0])`, `math.sin(x[0])` and `np.zeros(n)` that is then filled reach no protocol of NumPy's: Python and NumPy ask
for numbers, which traced values are not. So a *copy* of the function runs, with the same code and other globals and
builtins: `stand_in(value)` of whatever the original would find there. Nothing is patched; other threads see nothing.
"""
