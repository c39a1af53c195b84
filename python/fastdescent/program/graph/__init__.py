"""Expression graphs: nodes, building and folding, derivatives, and the last pass that changes values (`lower`)."""
