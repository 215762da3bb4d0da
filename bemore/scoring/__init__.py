"""Scoring rules: pure functions from measurements to values and sentences; ``text`` holds those on language.

Nothing here reads the clock, a database or a request; the same data always gives the same value.
"""
