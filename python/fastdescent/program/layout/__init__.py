"""From a graph to instructions: stages, the order of nodes, strips, rows."""
