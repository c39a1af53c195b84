"""Expression graphs: nodes, how they are built and folded, their derivatives, and the last pass that changes values."""
