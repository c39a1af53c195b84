"""Basin maps: the starts of a window, run and classified some rows at a time."""
