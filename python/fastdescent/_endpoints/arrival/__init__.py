"""Whether endpoints have arrived: the run's own step, cycles, reasons."""
