"""LLVM IR as text: values, arithmetic, functions, and what code is generated for."""
