"""The HTTP API: one blueprint per resource, and what all of them share."""
