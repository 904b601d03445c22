"""Events and verdicts as the tests need them."""

from typing import Any

from bot.core.verdict import Fact, Status, Verdict

BASE, HEAD = "a" * 40, "b" * 40
REPO = {"full_name": "Owner/house"}


def pull_request(**pull: Any) -> dict[str, Any]:
    """A pull request of a person within the repository."""
    base, head = {"sha": BASE, "ref": "main", "repo": REPO}, {"sha": HEAD, "ref": "change", "repo": REPO}
    told = {"number": 7, "user": {"login": "ann"}, "base": base, "head": head, **pull}
    return {"repository": REPO, "pull_request": told}


def head(**fields: Any) -> dict[str, Any]:
    return {"sha": HEAD, "ref": "change", "repo": REPO, **fields}


def stage(
    name: str, status: Status = Status.FAIL, *findings: str, because: str = "it is wrong", number: str = ""
) -> Verdict:
    facts: dict[str, Fact] = {"id": number} if number else {}
    if findings:
        facts["findings"] = list(findings)
    return Verdict(name, status, because, seconds=1.25, facts=facts)
