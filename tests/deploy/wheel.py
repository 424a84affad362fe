"""A program by the name of ours that needs nothing, so that installing it takes a second."""

from __future__ import annotations

import zipfile
from pathlib import Path


def tiny_wheel(folder: Path, version: str, source: str = "") -> Path:
    """A wheel of a version; `source` is what its program does besides saying which it is."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"reconciler-{version}-py3-none-any.whl"
    about = f"reconciler-{version}.dist-info"
    files = {
        "reconciler/__init__.py": f'__version__ = "{version}"\n',
        "reconciler/program.py": f"def main():\n    print('reconciler {version}')\n    {source or 'pass'}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: reconciler\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[console_scripts]\nreconciler = reconciler.program:main\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{about}/RECORD"))
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, f"{about}/RECORD": record}.items():
            archive.writestr(name, text)
    return wheel
