"""Instructions as LLVM IR: rows, operands, loops and reductions."""
