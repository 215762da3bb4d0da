"""Unbound extensions; ``bemore.app.create_app`` binds them. Imports nothing of the rest of the package."""

from peewee import DatabaseProxy

#: The peewee database that every model is bound to.
database = DatabaseProxy()
