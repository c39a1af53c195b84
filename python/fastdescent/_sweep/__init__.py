"""Sweeps: the outer product of hyperparameters, surface parameters and starts.

This room knows runs and their results.
"""
