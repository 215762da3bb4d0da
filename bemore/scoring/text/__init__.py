"""Language: sentiment and keywords of transcript snippets. Pure functions on text."""
