"""In whose valley endpoints are: rounds over cells, classes of a symmetry, further descents."""
