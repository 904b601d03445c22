"""The audit log and small files: copied while nobody writes, and the copied chain verified."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from bot.adapters.files import locked
from bot.adapters.store.audit import FileAuditLog
from bot.core.errors import Denied


def copy_file(source: Path, target: Path) -> Mapping[str, str]:
    """Copy a file that is only ever put in place whole."""
    shutil.copyfile(source, target)
    return {}


def copy_log(source: Path, target: Path) -> Mapping[str, str]:
    """Copy the audit log with its head, under its own lock. Denied if the chain of the copy does not hold."""
    with locked(source.with_name(f"{source.name}.lock")):
        for suffix in ("", ".head"):
            held = source.with_name(source.name + suffix)
            if held.exists():
                shutil.copyfile(held, target.with_name(target.name + suffix))
    found = FileAuditLog(target).verify()
    target.with_name(f"{target.name}.lock").unlink(missing_ok=True)
    if not found.passed:
        raise Denied(f"the audit log {source} cannot be backed up, its chain does not hold: {found.because}")
    return {"entries": str(target.read_bytes().count(b"\n"))}
