"""The engine "numba": what the C++ extension does, for interpreters without it.

Steps are compiled by `engines/jit`; here is what stands around them in the extension: the scheduler of lanes, random
starts, the cells of endpoints. `core` has the functions of the extension, under their names. Nothing here imports Numba
before it is used.
"""
