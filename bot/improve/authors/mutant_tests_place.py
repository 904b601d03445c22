"""Where a new test file belongs in a repository."""

import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath

from bot.improve.doors import Profile

WIDTH = 88


def place_for(root: Path, product: PurePosixPath, profile: Profile) -> PurePosixPath | None:
    """A path that no file has: in the folder that mirrors the product's, or beside the other tests."""
    folder = _folder(root, product, profile)
    if folder is None:
        return None
    stem = product.stem if product.stem != "__init__" else product.parent.name
    taken = {path.name for place in profile.tests for path in (root / place).rglob("*.py")}
    for name in (f"test_{stem}_edges", f"test_{product.parent.name}_{stem}_edges"):
        for number in ("", *(f"_{n}" for n in range(2, 10))):
            if f"{name}{number}.py" not in taken:
                return folder / f"{name}{number}.py"
    return None


def _folder(root: Path, product: PurePosixPath, profile: Profile) -> PurePosixPath | None:
    """The deepest existing folder of tests whose path ends as the product's does."""
    roots = [place for place in profile.tests if (root / place).is_dir()]
    if not roots:
        files = [place for place in profile.tests if (root / place).is_file()]
        return files[0].parent if files else None
    near = min(roots, key=lambda place: (-_shared(place, product), len(place.parts), str(place)))
    parts = product.parent.parts
    for start in range(len(parts)):
        for end in range(len(parts), start, -1):
            mirrored = near.joinpath(*parts[start:end])
            if end == len(parts) and (root / mirrored).is_dir():
                return mirrored
    return near


def _shared(one: PurePosixPath, other: PurePosixPath) -> int:
    count = 0
    for left, right in zip(one.parts, other.parts, strict=False):
        if left != right:
            break
        count += 1
    return count


def formatted(text: str, root: Path) -> str | None:
    """The text as ruff writes it, in the repository's line length; None if it does not parse."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", str(_width(root)), "-"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, timeout=30)
    return done.stdout.decode() if done.returncode == 0 else None


def _width(root: Path) -> int:
    """The configured line length of ruff or black, 88 where there is none."""
    try:
        tool = tomllib.loads((root / "pyproject.toml").read_text()).get("tool", {})
    except (OSError, ValueError):
        return WIDTH
    for name in ("ruff", "black"):
        value = tool.get(name, {}).get("line-length") if isinstance(tool.get(name), dict) else None
        if isinstance(value, int) and 40 <= value <= 320:
            return value
    return WIDTH
