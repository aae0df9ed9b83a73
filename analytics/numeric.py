"""numpy, loaded when a figure first needs it: most processes never do, and save 8 MB."""

from typing import TYPE_CHECKING, Any

__all__ = ["np"]

if TYPE_CHECKING:
    import numpy as np
else:

    class _Numpy:
        def __getattr__(self, name: str) -> Any:
            import numpy  # here, since this is what is put off

            return getattr(numpy, name)

    np = _Numpy()
