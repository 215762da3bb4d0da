"""What the service is measured against. None of them has quotas, request ids, a session check or an access log."""
