"""The only declaration of what comes in: marshmallow schemas, one module per resource.

They check bodies, word the refusals and make the OpenAPI document.
"""
