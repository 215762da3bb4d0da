"""Files that appear whole or not at all, and that only their owner may read."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path):
    """The path of an empty file beside ``path``, mode 0600, that takes its place when the block is left and goes when it raises.

    What is written is on the disk before the name is, and the name when this returns. Raises OSError.
    """
    path = Path(path)
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(number)
    try:
        yield name
        _sync(name)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    _sync(path.parent)


def _sync(path):
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
