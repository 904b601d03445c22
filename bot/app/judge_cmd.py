"""`megawatts judge`: is the candidate worse than the baseline?"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.app.samples_file import read
from bot.core.errors import Misconfigured
from bot.core.health import MetricKind, MetricRule, Worse
from bot.core.verdict import Status, Verdict
from bot.policy.judge.court import judge as ask
from bot.policy.judge.samples import Samples

EXAMPLE = "Example: megawatts judge --baseline before.txt --candidate after.txt --kind latency"
CODES = {Status.PASS: 0, Status.FAIL: 1}
BARS = "▁▂▃▄▅▆▇█"
WIDTH = 60


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("judge", epilog=EXAMPLE)(judge)


def judge(  # noqa: PLR0917  (typer reads options from parameters)
    baseline: Annotated[Path, typer.Option(help="File of samples from before.")],
    candidate: Annotated[Path, typer.Option(help="File of samples from after.")],
    kind: Annotated[MetricKind, typer.Option(help="What the numbers are.")],
    worse: Annotated[Worse | None, typer.Option(help="Bad direction [default: up; both for level].")] = None,
    alpha: Annotated[float, typer.Option(help="Chance of a false alarm that is accepted.")] = 0.01,
    effect: Annotated[float, typer.Option(help="Smallest relative change that counts as worse.")] = 0.05,
    minimum: Annotated[int, typer.Option(min=1, help="Fewest samples of each side (for a rate: events).")] = 6,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON, and nothing else.")] = False,
) -> None:
    """Judge two sets of samples. Exit code: 0 pass, 1 fail, 2 inconclusive.

    Files hold one number a line or time,value rows; for a rate, bad,total rows.
    """
    if not 0 < alpha < 1:
        raise Misconfigured(f"--alpha {alpha:g} is no chance: choose one between 0 and 1, such as 0.01")
    if not 0 <= effect < float("inf"):
        raise Misconfigured(f"--effect {effect:g} is no relative change: choose one from 0 up, such as 0.05")
    way: Worse = worse or ("both" if kind == "level" else "up")
    rule = MetricRule(kind, kind, way, minimum, effect, alpha)
    before, after = read(baseline, kind), read(candidate, kind)
    verdict = ask(rule, before, after)
    typer.echo(json.dumps(verdict.to_dict()) if as_json else picture(rule, before, after, verdict))
    raise typer.Exit(CODES.get(verdict.status, 2))


def picture(rule: MetricRule, before: Samples, after: Samples, verdict: Verdict) -> str:
    """Both sides drawn to one scale, their numbers, and the reason."""
    old, new = _drawn(rule, before), _drawn(rule, after)
    known = [v for v in old + new if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    lines = [f"{rule.kind}, worse is {rule.worse}; alpha {rule.alpha:g}", ""]
    for name, series in (("baseline", old), ("candidate", new)):
        lines += [f"{name:>10} {sparkline(series, low, high)}", f"{'':>10} {_numbers(series)}"]
    return "\n".join(
        [*lines, f"{'scale':>10} {low:.4g} to {high:.4g}", "", f"{verdict.status.name}: {verdict.because}"]
    )


def sparkline(series: Sequence[float | None], low: float, high: float) -> str:
    """One character for each stretch of the series: its largest value on the common scale; a dot: no answer."""
    if not series:
        return "(empty)"
    step = max(1, -(-len(series) // WIDTH))
    stretches = [series[i : i + step] for i in range(0, len(series), step)]
    peaks = [max((v for v in stretch if v is not None), default=None) for stretch in stretches]
    top = len(BARS) - 1
    return "".join(
        "·" if p is None else BARS[round(top * (p - low) / (high - low)) if high > low else 0] for p in peaks
    )


def _drawn(rule: MetricRule, side: Samples) -> list[float | None]:
    if rule.kind != "rate":
        return list(side.values)
    pairs = zip(side.values, side.totals, strict=True)
    return [bad / total if bad is not None and total else None for bad, total in pairs]


def _numbers(series: Sequence[float | None]) -> str:
    known = sorted(v for v in series if v is not None)
    if not known:
        return "no samples"
    shown: Sequence[tuple[Literal["least", "median", "most"], float]] = (
        ("least", known[0]),
        ("median", known[len(known) // 2]),
        ("most", known[-1]),
    )
    holes = len(series) - len(known)
    words = ", ".join(f"{name} {value:.4g}" for name, value in shown)
    return f"{len(known)} samples, {words}" + (f", {holes} without an answer" if holes else "")
