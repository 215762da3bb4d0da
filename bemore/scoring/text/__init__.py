"""Language: sentiment and keywords of transcript snippets. Pure functions on text."""

TEXT_RULES = "ko-en-2"
"""Version of the rules for sentiment, emotions and keywords: the word lists, the table of nouns and VADER. Any change of what they return
is a new version; ``modelVersion`` is that of the formula for minutes and does not change with it."""
