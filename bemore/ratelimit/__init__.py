"""Quotas, enforced by Flask-Limiter: who is limited, where it is counted, and what responses say of it."""
