"""What makes files of the package out of data that is not part of it."""
