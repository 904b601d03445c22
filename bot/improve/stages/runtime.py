"""V-12: the patched bot boots in the sandbox, answers, stays within limits and reaches for nobody."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, cast

from bot.core.sandbox import Finished, Limits
from bot.core.verdict import Fact, Status, Verdict, worst
from bot.improve.doors import Gate, Workspace, not_applicable
from bot.improve.witness import note
from bot.policy.sandbox_evidence import WRITES, watched

INSIDE = Path(__file__).parent.parent / "testing" / "inside"
PACKAGE = PurePosixPath("bot")
PEAK_MB = 200
READY_WITHIN = 30.0
STOP_WITHIN = 10.0
NO_WAY = (
    "no bot can be spoken to in this sandbox, neither over loopback nor over a pair of sockets: "
    "`megawatts doctor` says what this machine lacks; until that is mended, validate on another"
)
KNOWN = ("help", "roll 2d6", "what can you do?", "!status")
"""Messages that the offline bot has always answered; other messages need only be taken."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `wrong` says what is wrong with it; empty: nothing."""

    name: str
    wrong: str
    right: str

    def verdict(self) -> Verdict:
        return Verdict(self.name, Status.FAIL if self.wrong else Status.PASS, self.wrong or self.right)


class Runtime:
    """Only for this house: another repository has no bot to boot."""

    id = "V-12"
    name = "runtime"
    needs: tuple[str, ...] = ()
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        """PASS if every check holds; FAIL, with the end of its log, if the bot fails where the base's does not.

        ERROR: no bot can be booted or asked on this machine, or the base's fails in the same way.
        """
        started = time.monotonic()
        if not gate.profile.own or not (gate.base.path / PACKAGE / "app" / "bot_process.py").is_file():
            return not_applicable(self.name, "the repository holds no bot to boot")
        gate.progress(self.name, "the patched bot boots in the sandbox")
        seen = await boot(gate.head)
        head = judge(self.name, seen)
        if not watched(seen):
            note(WRITES, len(cast("list[str]", head.facts.get("refused_writes", []))))
        if head.status is Status.FAIL:
            gate.progress(self.name, "the base's bot boots, to tell the change's fault from the machine's")
            head = attributed(head, judge(self.name, await boot(gate.base)))
        return replace(head, seconds=time.monotonic() - started)


async def boot(work: Workspace) -> Finished:
    """Run the check over a checkout in the sandbox. Raises Unavailable if the sandbox cannot start."""
    job = {
        "argv": [str(work.python), "-s", "-B", "-m", "bot", "bot", "--port", "0", "--home", "{home}"],
        "env": {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        "hooks": str(INSIDE / "hooks"),
        "ready_within": READY_WITHIN,
    }
    return await work.run(
        ["{python}", "-s", "-B", str(INSIDE / "launch.py"), "boot"],
        readable=[INSIDE],
        stdin=json.dumps(job).encode(),
        limits=Limits(seconds=READY_WITHIN + 60, memory_mb=4096),
    )


def attributed(head: Verdict, base: Verdict) -> Verdict:
    """The head's failure, or an ERROR where the base, which runs already, does no better here; pure."""
    wrong, known = _wrong(head), _wrong(base)
    if base.status is Status.PASS or (wrong - known and "boots" not in known):
        return head
    because = f"the base fails it here too ({base.because}): this machine or the base is to be mended, not the change"
    return replace(head, status=Status.ERROR, because=f"{because}; of the change: {head.because}")


def _wrong(verdict: Verdict) -> frozenset[str]:
    """Names of what does not hold; without checks the bot did not come so far."""
    return frozenset(one.name for one in verdict.children if not one.passed) or frozenset({"boots"})


def judge(name: str, finished: Finished) -> Verdict:
    """What the boot says of the change; pure. ERROR: the machine could not even ask, and the change is not to blame."""
    ended = f"{finished.limit or f'code {finished.code}'}: {finished.err[-300:].decode(errors='replace').strip()}"
    first, _, rest = finished.out.partition(b"\n")
    ground = _object(first)
    if ground is None:
        because = f"the boot check itself did not start in the sandbox, it ended by {ended}"
        return Verdict(name, Status.ERROR, because)
    if not ground.get("way"):
        return Verdict(name, Status.ERROR, NO_WAY)
    seen = _object(rest)
    if seen is None:
        return Verdict(name, Status.FAIL, f"the boot ended by {ended}")
    verdict = worst(name, [check.verdict() for check in checks(seen)])
    return replace(verdict, facts=facts(seen) | {"way": str(ground["way"])})


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def facts(seen: Mapping[str, Any]) -> dict[str, Fact]:
    """Measurements for the report."""
    return {
        "ready_seconds": float(seen.get("ready_seconds", 0.0)),
        "peak_mb": float(seen.get("peak_mb", 0.0)),
        "answers": len(seen.get("answers", ())),
        "started_programs": [str(row) for row in seen.get("started", ())],
        "refused_writes": [str(row) for row in seen.get("refused", ())],
    }


def checks(seen: Mapping[str, Any]) -> Iterator[Check]:
    """Everything that must hold of what was seen; pure."""
    if not seen.get("ready"):
        log = " ".join(str(seen.get("log", "")).split())[-400:]
        yield Check(
            "boots", f"no ready line within {READY_WITHIN:.0f} s (exit {seen.get('exit')}); log ends: {log}", ""
        )
        return
    yield Check("boots", "", f"ready after {seen['ready_seconds']} s")
    yield Check("answers", "; ".join(_wrong_answers(seen)), f"{len(seen['answers'])} messages answered as they must be")
    yield Check("probes", "; ".join(_wrong_probes(seen["probes"])), "health, readiness and metrics answer")
    peak = float(seen["peak_mb"])
    yield Check("memory", f"peak {peak} MB, at most {PEAK_MB} allowed" if peak > PEAK_MB else "", f"peak {peak} MB")
    reached = [*seen["reached"], *(["it shook off its watcher"] if seen.get("unwatched") else [])]
    yield Check(
        "connections", f"tried to reach out: {'; '.join(reached[:3])}" if reached else "", "none beyond loopback"
    )
    extra = [port for port in seen["listening"] if port != seen["port"]]
    yield Check("listens", f"also listens on {extra}" if extra else "", "one port")
    yield Check("stops", _wrong_stop(seen), f"ended by itself {seen['stop_seconds']} s after SIGTERM")


def _wrong_answers(seen: Mapping[str, Any]) -> Iterator[str]:
    for row in seen["answers"]:
        try:
            body = json.loads(row["body"])
        except ValueError:
            body = {}
        text = body.get("text") if isinstance(body, dict) else None
        if row["status"] != 200 or not isinstance(text, str) or not text.strip():
            yield f"{row['text']!r}: status {row['status']}, {str(row['body'])[:120]}"
        elif row["text"] in KNOWN and body.get("answered") is not True:
            yield f"{row['text']!r} is not understood any more: {text[:120]}"


def _wrong_probes(probes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, row in probes.items():
        wanted = 400 if name in {"bad json", "no user"} else 200
        if row["status"] != wanted:
            yield f"{name}: status {row['status']} in place of {wanted}"
    if "# TYPE" not in str(probes.get("/metrics", {}).get("body", "")):
        yield "/metrics shows no metric"


def _wrong_stop(seen: Mapping[str, Any]) -> str:
    if seen.get("exit") is None:
        return "does not end after SIGTERM"
    if seen["exit"] != 0:
        return f"ended with code {seen['exit']} after SIGTERM"
    return f"took {seen['stop_seconds']} s to stop" if float(seen["stop_seconds"]) > STOP_WITHIN else ""


STAGE = Runtime()
