"""Connections, transactions, the write queue, bulk upserts and migrations. Nothing about a particular resource."""
