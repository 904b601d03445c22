"""The chain of a proposal: what was found, written, judged, agreed to, merged, deployed, seen and taken back.

Each record is a line: an in-toto Statement (in-toto.io/Statement/v1, its digest set's `gitCommit` and `gitTree`), the
digest of it, and its signatures, made over DSSE's pre-authentication encoding (github.com/secure-systems-lab/dsse).
Each statement holds the digest of the one before.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.core.ids import PullNumber, Sha, Tree

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://megawatts.invalid/provenance/{}/v1"
PAYLOAD = "application/vnd.in-toto+json"
GENESIS = "0" * 64
LIMIT = 1000
"""Records of one chain. A longer one is not the engine's work."""

Word = str | int | list[str] | dict[str, str]
"""What a record may hold: no floats, whose spelling differs between programs."""


class Stage(StrEnum):
    """What a record is about, in the order of a proposal's life."""

    FINDING = "finding"
    PATCH = "patch"
    GATE = "gate"
    INVERSE = "inverse"
    APPROVAL = "approval"
    MERGE = "merge"
    DEPLOY = "deploy"
    HEALTH = "health"
    REVERT = "revert"


AFTER = (Stage.DEPLOY, Stage.HEALTH, Stage.REVERT)
"""What happens to a merge once it is made."""


class Signer(Protocol):
    """Holds a private key and signs with it."""

    keyid: str

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Link:
    """One record. `commit` and `tree` are what it is about; `facts` what is claimed of it."""

    number: int
    at: datetime
    pull: PullNumber
    """0 until it is opened."""
    stage: Stage
    commit: Sha
    tree: Tree
    facts: Mapping[str, Word] = field(default_factory=dict)
    previous: str = GENESIS
    signatures: Mapping[str, str] = field(default_factory=dict)
    """Signature (base64) by key id."""

    @property
    def statement(self) -> dict[str, Any]:
        """The in-toto Statement."""
        name = f"#{self.pull}" if self.pull else "not opened yet"
        subject = {"name": name, "digest": {"gitCommit": self.commit, "gitTree": self.tree}}
        predicate = {
            "number": self.number,
            "at": self.at.isoformat(),
            "pull": self.pull,
            "previous": self.previous,
            "facts": dict(self.facts),
        }
        kind = PREDICATE.format(self.stage.value)
        return {"_type": STATEMENT, "subject": [subject], "predicateType": kind, "predicate": predicate}

    @property
    def body(self) -> bytes:
        """The canonical bytes that are hashed and signed."""
        return canonical(self.statement)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def message(self) -> bytes:
        """What is signed: DSSE's encoding of the body, so that no signature passes for one of something else."""
        return encoded(PAYLOAD, self.body)

    @property
    def claim(self) -> tuple[Stage, Sha, bytes]:
        """What is said, whenever it is said: the same twice is one record."""
        return self.stage, self.commit, canonical(dict(self.facts))


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be recorded next."""

    stage: Stage
    commit: Sha
    tree: Tree
    facts: Mapping[str, Word] = field(default_factory=dict)


class Broken(ValueError):  # noqa: N818  (reads as a word of the domain)
    """A record that cannot be what was written; the text names it."""


def canonical(value: object) -> bytes:
    """One spelling of a value: sorted keys, no spaces, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def encoded(kind: str, body: bytes) -> bytes:
    """DSSE's pre-authentication encoding (protocol.md: "PAE(type, body)")."""
    name = kind.encode()
    return b" ".join((b"DSSEv1", str(len(name)).encode(), name, str(len(body)).encode(), body))


def fingerprint(value: object) -> str:
    """SHA-256 of a value's one spelling, for what is too long to be in a record."""
    return hashlib.sha256(canonical(value)).hexdigest()


def extend(
    chain: Sequence[Link], pull: PullNumber, step: Step, now: datetime, signer: Signer | None = None
) -> tuple[Link, ...]:
    """The chain with one record more; the same chain if that is on record already. Time never runs back in it."""
    before = chain[-1] if chain else None
    at = max(now, before.at) if before else now
    previous = before.digest if before else GENESIS
    link = Link(len(chain) + 1, at, pull, step.stage, step.commit, step.tree, dict(step.facts), previous)
    if any(link.claim == known.claim for known in chain):
        return tuple(chain)
    return (*chain, signed(link, signer))


def signed(link: Link, signer: Signer | None) -> Link:
    """The record with the signature of this key; without a key as it is."""
    if signer is None:
        return link
    mark = base64.b64encode(signer.sign(link.message)).decode("ascii")
    return replace(link, signatures={**link.signatures, signer.keyid: mark})


def render(chain: Sequence[Link]) -> str:
    """The chain as text, a record a line."""
    return "".join(f"{_row(link).decode()}\n" for link in chain)


def _row(link: Link) -> bytes:
    return canonical({"digest": link.digest, "signatures": dict(link.signatures), "statement": link.statement})


def parse(text: str) -> tuple[Link, ...]:
    """The records of a text. Raises Broken for the first line that is not one, or not spelt as it was written."""
    lines = [line for line in text.split("\n") if line]
    if len(lines) > LIMIT:
        raise Broken(f"{len(lines)} records; a chain has at most {LIMIT}")
    return tuple(_read(number, line) for number, line in enumerate(lines, start=1))


def _read(number: int, line: str) -> Link:
    try:
        row = json.loads(line)
        link = _link(row["statement"], row["signatures"])
        digest, spelt = link.digest, _row(link)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, RecursionError) as error:
        raise Broken(f"record {number} is not a record: {type(error).__name__}") from error
    if row.get("digest") != digest:
        raise Broken(f"record {number} ({link.stage}) was changed after it was written")
    if spelt != line.encode("utf-8", "surrogatepass"):
        raise Broken(f"record {number} ({link.stage}) is not spelt as it was written")
    return link


def _link(statement: Mapping[str, Any], signatures: Mapping[str, str]) -> Link:
    predicate, subject = statement["predicate"], statement["subject"][0]
    at = datetime.fromisoformat(predicate["at"])
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    name = str(statement["predicateType"]).removeprefix(PREDICATE.split("{}", maxsplit=1)[0]).removesuffix("/v1")
    return Link(
        number=int(predicate["number"]),
        at=at,
        pull=PullNumber(int(predicate["pull"])),
        stage=Stage(name),
        commit=Sha(str(subject["digest"]["gitCommit"])),
        tree=Tree(str(subject["digest"]["gitTree"])),
        facts={str(key): value for key, value in predicate["facts"].items()},
        previous=str(predicate["previous"]),
        signatures={str(key): str(value) for key, value in signatures.items()},
    )
