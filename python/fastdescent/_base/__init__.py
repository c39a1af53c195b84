"""Helpers of every room: checks of arguments, errors, memory, files, threads, progress, tables as text."""
