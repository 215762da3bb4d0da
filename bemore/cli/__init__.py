"""The command ``bemore``: one module per group of subcommands. No logic that a request needs, too."""
