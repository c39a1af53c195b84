"""The functions of a step or of a section that runs once: their arguments, stop tests, unrolling, outlining."""
