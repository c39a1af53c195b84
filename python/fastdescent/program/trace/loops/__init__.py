"""Loops that the user asks for by `fd.fori`: the body is traced once."""
