"""Whether a stop file forbids signatures on this host; asked inside every signing transaction."""

import os

from django.conf import settings


def stop_file_reason() -> str:
    """Why nothing is signed here, or empty while there is no such file.

    One that cannot be looked at may be there: that stops too.
    """
    try:
        os.stat(settings.STOP_FILE)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        told = f"cannot be looked at ({error.strerror}); put that right"
    else:
        told = "is there; take it away, then resume"
    return f"the stop file {settings.STOP_FILE} on {settings.HOST_NAME} {told}"
