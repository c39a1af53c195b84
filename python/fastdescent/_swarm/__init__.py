"""A live set of trajectories: advanced in place, frame by frame, from any thread."""
