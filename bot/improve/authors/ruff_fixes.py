"""Applies ruff's own safe fixes, one rule at a time to one file."""

import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.core.change import Claim, Finding, Idea, Kind, Patch, Refusal
from bot.core.sandbox import Limits
from bot.improve.analysts.ruff_findings import chosen
from bot.improve.authors._apart import formatted, read, written
from bot.improve.authors._idea import Words, analysed
from bot.improve.doors import Profile, Workspace

SECONDS = 60.0
_CODE = re.compile(r"[A-Z]{1,4}[0-9]{3,4}")


class RuffFixes:
    """Author: a fix that ruff calls safe, by the repository's own configuration. Written on a copy, never in place."""

    name = "ruff_fixes"
    kind = Kind.REFACTOR
    claim = Claim.PRESERVING

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        """One idea for each rule and file."""
        return [self._idea(f) for f in findings if f.analyst == "ruff_findings"]

    def _idea(self, finding: Finding) -> Idea:
        key = f"{self.name}\0{finding.fingerprint}\0{finding.evidence.get('digest', '')}"
        title = f"ruff's safe fixes of {finding.rule} in {finding.path.name}"
        return analysed(self, finding, key, Words(title, finding.message))

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        """The file after `ruff check --fix` of that one rule, or why there is nothing to do."""
        finding = idea.findings[0]
        if not _CODE.fullmatch(finding.rule):
            return Refusal(f"{finding.rule!r} is no rule of ruff")
        if profile.is_test(finding.path) or not written(work, finding.path):
            return Refusal(f"{finding.path} is not the product's own code")
        before = read(work, finding.path)
        folder = Path(tempfile.mkdtemp(prefix="megawatts-ruff-"))
        try:
            after = await _fixed(work, finding, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(after, Refusal):
            return after
        laid_out = await formatted(work, finding.path, before, after)
        if laid_out == before:
            return Refusal(f"{finding.rule} changes nothing in {finding.path}")
        return Patch(work.sha, {finding.path: laid_out.encode()}, finding.message, facts={"rule": finding.rule})


async def _fixed(work: Workspace, finding: Finding, folder: Path) -> str | Refusal:
    """The fixed text, made on a copy of the tree that lies in `folder`; only the one file is read back."""
    folder.chmod(0o777)
    copy = folder / "tree"
    shutil.copytree(work.path, copy, symlinks=True)
    target = copy / finding.path
    for place in (copy, *(copy / parent for parent in finding.path.parents)):
        place.chmod(0o777)
    target.chmod(0o666)
    argv = [
        "check",
        "--fix-only",
        "--no-cache",
        "--no-unsafe-fixes",
        "--exit-zero",
        *chosen(copy),
        "--select",
        finding.rule,
    ]
    done = await work.run(
        [sys.executable, "-I", "-B", "-m", "ruff", *argv, "--", str(target)],
        writable=(folder,),
        env={"LC_ALL": "C.UTF-8"},
        limits=Limits(seconds=SECONDS),
    )
    if not done.ok:
        return Refusal(f"ruff ended with {done.limit or done.code}: {done.err.decode(errors='replace')[-200:]}")
    if target.is_symlink() or not target.is_file():
        return Refusal(f"{finding.path} is no file any more")
    try:
        return target.read_bytes().decode()
    except UnicodeDecodeError:
        return Refusal(f"{finding.path} is no longer text")
