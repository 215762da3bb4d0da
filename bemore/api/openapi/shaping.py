"""How the JSON Schemas of the answers are written down: small functions for what they are made of."""

from bemore.api.openapi import texts as prose


def fixed(title, description, /, *, optional=(), **properties):
    """An object of exactly these properties, of which all but the ``optional`` ones are always there."""
    named = {"title": title, "description": description}
    required = [name for name in properties if name not in optional]
    return {**named, "type": "object", "properties": properties, "required": required, "additionalProperties": False}


def text(description, **more):
    return {"type": "string", "description": description, **more}


def list_of(items, description, **more):
    return {"type": "array", "items": items, "description": description, **more}


def count(description):
    return {"type": "integer", "minimum": 0, "description": description}


def time(description):
    words = f"{description}, in milliseconds since the Unix epoch"
    return {"type": "integer", "minimum": 0, "description": words, "examples": [prose.TIME_MS]}


def span(description):
    return {"type": "integer", "minimum": 0, "description": f"{description}, in milliseconds"}


def score(description):
    return {"type": "number", "minimum": 0, "maximum": 1, "description": f"{description}, 0..1 with three decimals"}


def word(description, *words):
    return {"type": "string", "enum": list(words), "description": description}


def or_null(schema, when):
    """``schema`` or null; ``when`` says when it is null."""
    words = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **words, "type": [schema["type"], "null"], "description": f"{schema['description']}; null {when}"}
