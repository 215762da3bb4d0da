"""``python -m bemore`` is the command ``bemore``."""

from bemore.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
