"""The user's function on traced values: NumPy, SciPy, text and SymPy become a graph.

Whoever imports the tracer gets the meaning of NumPy's functions with it. Modules in here import one another, and never
this package itself.
"""

from fastdescent.program.trace.numpy import meaning as meaning
