"""What endpoints are: gathered into cells, polished, merged into a table of critical points, named."""
