"""Special functions: elementwise nodes that stay whole until they are lowered, and what they are in opcodes."""
