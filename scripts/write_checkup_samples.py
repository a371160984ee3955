"""Nothing → ``src/lookalike/data/checkup/sample.*``: one small picture in each format that is read.

    python scripts/write_checkup_samples.py

`lookalike doctor` decodes them: what a decoder makes of a file that was written elsewhere, by
another version, says more than whether it reads what it has just written itself.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src" / "lookalike" / "data" / "checkup"
ENDINGS = {"JPEG": "jpg", "TIFF": "tif", "HEIF": "heic", "RAW": "dng"}


def samples() -> dict[str, bytes]:
    """The content of each file, by its name."""
    sys.path.insert(0, str(ROOT))
    from tests.pictures import dng, every_kind, quadrants

    kinds = {**every_kind(quadrants(32, 32)), "RAW": dng(size=(64, 48))}
    return {f"sample.{ENDINGS.get(kind, kind.lower())}": content for kind, content in kinds.items()}


def main() -> None:
    """Write them."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, content in samples().items():
        (TARGET / name).write_bytes(content)


if __name__ == "__main__":
    main()
