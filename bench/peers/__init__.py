"""What BeMore is measured against: the floor, which does as little as can be, and ``fastapi_full``, which has the same duties."""
