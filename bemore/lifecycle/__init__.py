"""What happens to sessions outside of requests: idle sessions, purge, erase, export, backup and restore."""
