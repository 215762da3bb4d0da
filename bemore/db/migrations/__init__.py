"""Numbered migrations ``mNNNN_name``; each has ``up(dialect)`` giving the statements that lead to its version.

A migration that has been released is never edited. ``bemore.db.migrate`` runs them.
"""
