"""``python -m bemore`` is the command ``bemore``."""

from bemore.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
