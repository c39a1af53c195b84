"""Engines run Programs. Each offers the same few functions (`protocol.Engine`) and gives the same bits."""
