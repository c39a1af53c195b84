"""Functions of JAX's: traced by JAX into a jaxpr, a list of primitives, each of which is written here in NumPy.

JAX is imported only where the user has imported it. `entry` decides whether a function is JAX's and has it traced;
`interpreter` goes through the jaxpr; `control` has loops, branches and calls; the other files have the rules of the
primitives, by kind: a function of the equation and of its operands, some of which are traced, others NumPy arrays.
"""
