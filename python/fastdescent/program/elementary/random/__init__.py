"""Random numbers as functions of a counter and a key: Philox, and what is made of its words."""
