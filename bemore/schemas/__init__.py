"""The only declaration of what comes in (marshmallow schemas) and goes out (msgspec structs), one module per resource.

They check bodies and responses, word the refusals and make the OpenAPI document. No queries and no HTTP.
"""
