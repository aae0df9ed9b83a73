"""A process that writes numbered lines to the log file: path, name, lines, bytes, files."""

import logging
import sys
from pathlib import Path

from airdrops_site.log_files import SharedFileHandler


def main() -> None:
    """Lines of different lengths, so that they end anywhere in a file."""
    path, name, lines, most_bytes, files = sys.argv[1:]
    log = logging.getLogger("writer")
    log.addHandler(SharedFileHandler(Path(path), most_bytes=int(most_bytes), files=int(files)))
    log.setLevel("INFO")
    log.propagate = False
    for number in range(int(lines)):
        log.info("%s %s %s.", name, number, "x" * (number % 97))


main()
