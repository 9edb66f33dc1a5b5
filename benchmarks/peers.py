"""The peers from PyPI, each in a virtual environment of its own under ``.venvs``."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VENVS = HERE / ".venvs"

#: Package, and the version that was measured.
PEERS = {
    "strongmind": "strongmind-oneroster-client==2.0.5",
    "raw_oneroster": "oneroster==0.0.17",
    "timeback": "timeback-oneroster==0.4.0",
    "strongmind_clever": "strongmind-clever-client==1.0.1",
}

#: The oldest Python that a peer runs on, where it is newer than ours.
NEEDS = {"timeback": (3, 12)}


def python_of(name: str) -> Path | None:
    """Return the interpreter of a peer's environment, made at the first call, or None."""
    home = VENVS / name
    python = home / "bin" / "python"
    if (home / ".ready").exists():
        return python
    base = _find_python(NEEDS.get(name, (3, 11)))
    if base is None:
        return None
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([base, "-m", "venv", "--clear", str(home)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", *quiet, PEERS[name]], check=True)
    (home / ".ready").touch()
    return python


def _find_python(oldest: tuple[int, int]) -> str | None:
    """Return an interpreter that is new enough and runs: this one, one on the path, or pyenv's."""
    if sys.version_info >= oldest:
        return sys.executable
    names = [f"python3.{minor}" for minor in range(oldest[1], oldest[1] + 4)]
    found = [shutil.which(name) for name in names]
    found += [
        str(path) for name in names for path in Path.home().glob(f".pyenv/versions/*/bin/{name}")
    ]
    return next((path for path in found if path and _runs(path)), None)


def _runs(path: str) -> bool:
    return subprocess.run([path, "--version"], check=False, capture_output=True).returncode == 0
