"""The OpenAPI document and its texts. Nothing that a request needs."""
