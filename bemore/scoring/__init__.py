"""Scoring rules: pure functions from measurements to values.

Nothing here reads a clock, a database or a request; the same data always gives the same value.
"""
