"""The HTTP edge: one blueprint per resource, and what all of them share."""
