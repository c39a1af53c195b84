"""Basin maps: the starts of a window, run and classified band by band."""
