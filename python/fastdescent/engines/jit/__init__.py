"""The engine "jit": step Programs compiled to machine code by LLVM, run by the scheduler of the native engine.

From below: `emitter` (text of a function), `arithmetic` and `fma` (opcodes and elementary functions), `rows` and
`lower` (a section), `stops` and `kernel` (the loop over steps), `target` and `compile` (LLVM), `cache`, `engine`. Only
`compile` imports llvmlite, when it is first used.
"""
