"""What happens to sessions outside of requests: idle sessions, purge, erase, export, import, webhooks, backup and restore."""
