"""From a graph to instructions.

`stages` splits a graph into sections. For each section, `schedule` orders nodes, `families` and `strips` find those
that run strip by strip, `registers` decides which share rows, and `layout` allocates rows and emits instructions, with
`strip_layout` and `strip_buffer` for strips.
"""
