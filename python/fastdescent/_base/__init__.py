"""What every room may use: checks of arguments, errors, memory, files, threads, progress, tables as text."""
