"""The probe as files that the sandbox can read: our own copies, never those of the checkout under test."""

import shutil
from pathlib import Path

_HERE = Path(__file__).parent
_INPUTS = ("values", "kinds", "examples", "usage", "params", "makers", "spec", "draw", "mutate", "search")
_DRIVER = ("canonical", "subject", "observe", "trace", "explore", "probe", "timing")
_PACKAGES = ("", "improve", "improve/inputs", "improve/differential", "improve/testing", "improve/testing/inside")
_COUNTER = "improve/testing/inside/io_count.py"
_START = "from bot.improve.differential.{name} import main\n\nmain()\n"


def write(folder: Path) -> Path:
    """Write the probe below `folder` and give the folder to make readable. Needs the standard library only."""
    root = folder / "probe"
    for package in _PACKAGES:
        (root / "bot" / package).mkdir(parents=True, exist_ok=True)
        (root / "bot" / package / "__init__.py").write_text("")
    for name in _INPUTS:
        shutil.copyfile(_HERE.parent / "inputs" / f"{name}.py", root / "bot/improve/inputs" / f"{name}.py")
    for name in _DRIVER:
        if (_HERE / f"{name}.py").exists():
            shutil.copyfile(_HERE / f"{name}.py", root / "bot/improve/differential" / f"{name}.py")
    shutil.copyfile(_HERE.parent.parent / _COUNTER, root / "bot" / _COUNTER)
    for name in ("probe", "timing"):
        (root / f"{name}.py").write_text(_START.format(name=name))
    return root
