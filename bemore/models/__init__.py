"""What is stored, and how: peewee models, statements for many rows at once, migrations."""
