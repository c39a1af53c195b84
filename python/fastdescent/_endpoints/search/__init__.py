"""From endpoints to critical points: cells, polishing, membership."""
