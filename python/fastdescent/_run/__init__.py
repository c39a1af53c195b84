"""A run: its options, checked; the job that an engine is given; records, reductions, and what comes back."""
