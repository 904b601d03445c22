"""Security: secrets in added lines, by the forms that their issuers give them and by entropy."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath

from bot.core.change import FileChange
from bot.improve.doors import Gate
from bot.improve.stages._problems import Problem
from bot.improve.stages._source import text

FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
        ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
        ("GitLab token", r"\bgl(?:pat|ptt|cbt|rt)-[A-Za-z0-9_-]{20,}"),
        ("Discord token", r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"),
        ("Discord webhook", r"discord(?:app)?\.com/api/webhooks/\d{15,}/[A-Za-z0-9_-]{30,}"),
        ("AWS key", r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}\b"),
        ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/\w{20,}"),
        ("OpenAI or Anthropic key", r"\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{20,}"),
        ("Google key", r"\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}"),
        ("Stripe key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{20,}"),
        ("PyPI or npm token", r"\bpypi-[A-Za-z0-9_-]{40,}|\bnpm_[A-Za-z0-9]{36}"),
        ("Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}"),
        ("SendGrid or Twilio key", r"\bSG\.[\w-]{20,}\.[\w-]{20,}|\bSK[0-9a-f]{32}\b"),
        ("Telegram token", r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b"),
        ("JSON web token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
        ("password in an address", r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"{}$<>]+:[^\s/:@'\"{}$<>*]{6,}@[\w.-]+"),
        ("honeytoken", r"(?i)\b(?:honey|canary)[_-]?token[_=:-]+['\"]?[A-Za-z0-9]{12,}"),
    )
)
NAMED = re.compile(
    r"""(?ix)\b([\w.-]*(?:secret|token|passwd|password|api[_-]?key|private[_-]?key|access[_-]?key|credential|auth)[\w.-]*)
    ["']?\s*(?:[:=]|=>)\s*(?:str\s*=\s*)?[bru]?["']([^"'\s]{12,})["']"""
)
LONG = re.compile(r"(?<![\w/+.-])[A-Za-z0-9+/_-]{32,}={0,2}(?![\w/+-])")
PUBLIC = re.compile(
    r"(?i)sha(?:1|256|384|512)?|hash|digest|integrity|checksum|uuid|commit|revision|tree|blob|http|example|@[0-9a-f]{40}"
)
DATA = frozenset({".lock", ".svg", ".map", ".ambr", ".css", ".ipynb"})
DUMMY = re.compile(
    r"(?i)example|dummy|changeme|placeholder|your[_-]|xxxx|\*\*\*\*|<[^>]+>|\$\{|\{\{|redacted|test[_-]?only"
)


def secrets(gate: Gate) -> Iterator[Problem]:
    """One problem for each added line that holds a secret. The secret itself is never repeated."""
    for change in gate.changes:
        if change.action == "delete" or change.binary:
            continue
        old = set((text(gate.base, change.old_path) or "").split("\n")) if change.action != "add" else set()
        for number, line in added_lines(change, text(gate.head, change.path)):
            what = secret_in(line, change.path) if line not in old else ""
            if what:
                yield Problem("secret", change.path, number, f"the line holds what looks like a secret ({what})")


def added_lines(change: FileChange, content: str | None) -> Iterator[tuple[int, str]]:
    """Number and text of the lines that a change adds; all of them where git names no ranges."""
    lines = (content or "").split("\n")
    for first, last in change.lines or ((1, len(lines)),):
        yield from ((n, lines[n - 1]) for n in range(max(first, 1), min(last, len(lines)) + 1))


def secret_in(line: str, path: PurePosixPath) -> str:
    """What kind of secret a line holds; empty for none. Lines over 4,000 characters are read in part."""
    part = line[:4000]
    for name, pattern in FORMS:
        if pattern.search(part):
            return name
    named = NAMED.search(part)
    if named and not DUMMY.search(named[2]) and entropy(named[2]) > 3.0 and _mixed(named[2]):
        return f"a value given to {named[1][:40]}"
    if path.suffix in DATA or PUBLIC.search(part):
        return ""
    for found in LONG.finditer(part):
        if entropy(found[0]) > 4.3 and _mixed(found[0]) and not _worded(found[0]):
            return "a long random text"
    return ""


def entropy(word: str) -> float:
    """Shannon's entropy in bits a character."""
    counts = Counter(word)
    return -sum(n / len(word) * math.log2(n / len(word)) for n in counts.values())


def _mixed(word: str) -> bool:
    return any(c.isdigit() for c in word) and any(c.isalpha() for c in word)


def _worded(word: str) -> bool:
    """Paths, names and alphabets: made of words, or of runs of neighbours."""
    parts = re.split(r"[/_\-+]", word)
    runs = sum(ord(b) - ord(a) == 1 for a, b in pairwise(word))
    return runs > len(word) // 3 or sum(len(p) for p in parts if p.isalpha()) > len(word) // 2
