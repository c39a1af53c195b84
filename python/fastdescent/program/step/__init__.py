"""From a formula and a rule to the graph of a step: gradient, noise, minibatches, reductions, walls."""
