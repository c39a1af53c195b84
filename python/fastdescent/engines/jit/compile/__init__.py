"""From IR to machine code: llvmlite on a helper thread, and caches of what was compiled."""
