"""What all views share about HTTP: operations, bodies, responses, errors, ETags, idempotency, middleware. No resource of its own."""
