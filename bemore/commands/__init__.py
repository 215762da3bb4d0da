"""What operators do with the data, as commands of ``bemore``; ``bemore/cli.py`` puts them together."""
