"""Where the packaged data lies: models and policies, in a wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["data_path"]


def data_path(*parts: str) -> Path:
    """The path of a data file or folder that comes with the package.

    A wheel carries them inside the package; a checkout has them beside it. This is the only
    place that knows.
    """
    package = Path(__file__).parent
    inside = package / "_data"
    return (inside if inside.is_dir() else package.parent).joinpath(*parts)
