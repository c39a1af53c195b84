"""From NumPy-style Python to Programs: a small compiler, a file a pass.

trace, numpy_ufuncs, numpy_functions, text -> graph, build, views, fold -> differentiate, derivatives -> lower
-> compile, layout, loops, rows -> program, verify, listing. `formula` and `rule` are the two ways in. Nothing here
knows an engine.
"""
