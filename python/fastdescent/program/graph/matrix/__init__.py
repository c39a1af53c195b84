"""Linear algebra: nodes that stay whole until they are lowered, their derivatives, and what they are in opcodes."""
