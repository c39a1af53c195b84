"""The elementary functions, at most 2 ulp from the true value over the whole range, written once for every engine.

Each is a function of an arithmetic (see `arithmetic.Arithmetic`) and one or two numbers: a sequence of operations
without branches. The C++ of the interpreter is generated from them when the core is built (`cpp/generate`).

>>> from fastdescent.program.elementary.exp import exp
>>> from fastdescent.program.exact import Exact
>>> exp(Exact("float64"), 1.0)
2.7182818284590455
"""
