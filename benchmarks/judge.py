"""How often the judge of health is right: on real series with faults put in, and where nothing changed."""

import argparse
import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

from rich.console import Console
from rich.progress import track

from benchmarks import _judge_simulated as simulated
from benchmarks._judge_faults import FAULTS, NAIVE, Series, Window, wilson, windows
from benchmarks._report import data, write
from bot.core.health import MetricRule
from bot.core.verdict import Status, Verdict
from bot.policy.judge.court import judge
from bot.policy.judge.samples import Samples

RULE = MetricRule("level", "level", "both")
ALPHAS = (0.01, 0.005, 0.002, 0.001)
"""What the training folds may choose from: the stated alpha and stricter ones; a stricter one sees less."""
STRICTEST = min(ALPHAS)
TARGET = 0.01
NEEDED = {"step": 0.95, "ramp": 0.95}
CONSOLE = Console(stderr=True)
Table = list[Sequence[str]]


def main(argv: list[str]) -> None:
    """Measure, print, and write the section `judge` of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="scripts/bench judge", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="simulated runs of each kind [default: 1000]")
    parser.add_argument("--dry", action="store_true", help="print only, do not write docs/benchmarks.md")
    options = parser.parse_args(argv)
    path = data("nab-deploys.json.gz")
    if path is None:
        sys.exit("judge: nab-deploys.json.gz is absent; name its folder with MEGAWATTS_DATA")
    found = windows(json.loads(gzip.decompress(path.read_bytes())))
    parts = [_real(found), _same(options.runs), _changes(max(50, options.runs // 5)), _known()]
    body = "\n\n".join(parts)
    print(body)
    if not options.dry:
        write("judge", body)


def _ask(window: Window, after: Series, alpha: float = RULE.alpha) -> Verdict:
    return judge(RULE, Samples(window.before), Samples(tuple(after)), alpha=alpha)


def _failed(window: Window, after: Series, alpha: float = RULE.alpha) -> bool:
    return _ask(window, after, alpha).status is Status.FAIL


def _real(found: Sequence[Window]) -> str:
    """The NAB deploys: faults in the clean windows, cross-validated, and the windows as they are."""
    clean, bad = [w for w in found if not w.bad], [w for w in found if w.bad]
    alarms = {
        alpha: [_failed(w, w.after, alpha) for w in clean] for alpha in track(ALPHAS, "clean windows", console=CONSOLE)
    }
    chosen = _choose(clean, alarms)
    held_out = sum(alarms[chosen[w.series]][i] for i, w in enumerate(clean))
    table: Table = [
        (
            "",
            "cross-validated",
            "the same, of windows it changes",
            f"strictest for all, {STRICTEST}",
            "0.01, of windows that vary",
            *NAIVE,
        )
    ]
    fixed = alarms[RULE.alpha]
    varying = [i for i, w in enumerate(clean) if w.varies]
    table.append(
        (
            "**false alarms on clean windows**",
            wilson(held_out, len(clean)),
            "",
            wilson(sum(alarms[STRICTEST]), len(clean)),
            wilson(sum(fixed[i] for i in varying), len(varying)),
            *(wilson(sum(rule(w.before, w.after) for w in clean), len(clean)) for rule in NAIVE.values()),
        )
    )
    for name in track(FAULTS, "faults", console=CONSOLE):
        table.append(_fault(name, clean, chosen))
    picks = Counter(chosen.values())
    words = (
        f"{len(clean)} clean windows of {len(chosen)} real series (NAB), faults put in; share called FAIL, with 95% "
        "Wilson intervals. Cross-validated: for each series, alpha is the largest that keeps false alarms at or below "
        f"{TARGET} on the other series, or as few as with any, picked from {', '.join(map(str, ALPHAS))} (picked: "
        f"{', '.join(f'{alpha} for {n}' for alpha, n in sorted(picks.items()))}). Where alarms do not depend on "
        "alpha, there is nothing to choose, and the stated one stays; a column says what the strictest would cost. "
        "The rule's form (four widths and a trend, three standard deviations, twice the baseline's own) was set by "
        "hand with these series in view; the folds choose only alpha. Robust sd: 1.4826 MAD, at least 5% of the median "
        "and 1% of the series' range. "
        "Silence as zeros or as one value can hardly be seen in a series whose baseline is itself mostly zeros: two "
        "of disk writes, 24 windows, with 41 to 229 zeros in a row in the baseline and up to 144 in the clean half-day "
        "after it. In some of those the fault changes nothing, so that the same window would have to be called bad "
        "and good at once: the second column leaves them out."
    )
    return f"### Real series\n\n{words}\n\n{_markdown(table)}\n\n{_raw(clean, bad)}"


def _choose(clean: Sequence[Window], alarms: Mapping[float, Sequence[bool]]) -> dict[str, float]:
    """For each series the alpha that the other series ask for.

    Where none meets the target there, those with the fewest alarms do: a stricter one would only see less.
    """
    chosen: dict[str, float] = {}
    for series in {w.series for w in clean}:
        others = [i for i, w in enumerate(clean) if w.series != series]
        false = {alpha: sum(alarms[alpha][i] for i in others) for alpha in ALPHAS}
        bar = max(TARGET * len(others), min(false.values()))
        chosen[series] = max(alpha for alpha in ALPHAS if false[alpha] <= bar)
    return chosen


def _fault(name: str, clean: Sequence[Window], chosen: Mapping[str, float]) -> Sequence[str]:
    fault = FAULTS[name]
    after = [fault(w) for w in clean]
    fixed = [_failed(w, a) for w, a in zip(clean, after, strict=True)]
    folds = [
        hit if chosen[w.series] == RULE.alpha else _failed(w, a, chosen[w.series])
        for w, a, hit in zip(clean, after, fixed, strict=True)
    ]
    strict = sum(_failed(w, a, STRICTEST) for w, a in zip(clean, after, strict=True))
    varying = [hit for w, hit in zip(clean, fixed, strict=True) if w.varies]
    changed = [hit for w, a, hit in zip(clean, after, folds, strict=True) if list(a) != list(w.after)]
    naive = (sum(rule(w.before, a) for w, a in zip(clean, after, strict=True)) for rule in NAIVE.values())
    return (
        f"{name} (target {NEEDED.get(name.split(maxsplit=1)[0], 0.9):.2f})",
        wilson(sum(folds), len(folds)),
        wilson(sum(changed), len(changed)),
        wilson(strict, len(clean)),
        wilson(sum(varying), len(varying)),
        *(wilson(hits, len(clean)) for hits in naive),
    )


def _raw(clean: Sequence[Window], bad: Sequence[Window]) -> str:
    """The windows as they are: labels say that something was odd, not that a gauge was."""
    table: Table = [("rule", f"FAIL of {len(bad)} labelled bad", f"FAIL of {len(clean)} clean", "precision")]
    said: defaultdict[Status, list[int]] = defaultdict(lambda: [0, 0])
    for side, group in enumerate((bad, clean)):
        for window in group:
            said[_ask(window, window.after).status][side] += 1
    rows = {"the judge": said[Status.FAIL]}
    for name, rule in NAIVE.items():
        rows[name] = [sum(rule(w.before, w.after) for w in group) for group in (bad, clean)]
    for name, (hits, false) in rows.items():
        precision = f"{hits / (hits + false):.2f}" if hits + false else "none"
        table.append((name, wilson(hits, len(bad)), wilson(false, len(clean)), precision))
    doubts = said[Status.INCONCLUSIVE]
    return (
        "As they are, nothing put in; NAB's labels mark what people found odd, single spikes included:\n\n"
        f"{_markdown(table)}\n\nThe judge called {doubts[0]} more of the bad and {doubts[1]} of the clean INCONCLUSIVE."
    )


def _same(runs: int) -> str:
    """A/A: both sides from one source."""
    table: Table = [("kind", "6 against 6", "60 against 20", "300 against 150", "a watch, asked 20 times")]
    for kind, source in simulated.SAME.items():
        cells = []
        for sizes in ((6, 6), (60, 20), (300, 150)):
            said = [simulated.once(kind, seed, sizes) for seed in track(range(runs), f"A/A {kind}", console=CONSOLE)]
            cells.append(wilson(said.count(Status.FAIL), runs))
        watches = [
            simulated.watch(kind, source, source, seed, past=60, looks=60, every=3)[0]
            for seed in track(range(runs), f"A/A watch, {kind}", console=CONSOLE)
        ]
        table.append((kind, *cells, wilson(sum(failed is not None for failed in watches), runs)))
    return (
        f"### Nothing changed\n\nShare called FAIL in {runs} runs, both sides from one source, alpha 0.01. The last "
        "column asks for a verdict after every third of the 60 readings of one watch and counts a FAIL at any.\n\n"
        f"{_markdown(table)}"
    )


def _changes(runs: int) -> str:
    """How soon a watch sees a change, asked after every reading."""
    table: Table = [
        ("change", "found within 120 readings", "readings to FAIL, median (90%)", "passed before it was found")
    ]
    for change in simulated.CHANGES:
        found = [
            simulated.watch(change.kind, change.before, change.after, seed, past=60, looks=120)
            for seed in track(range(runs), change.title, console=CONSOLE)
        ]
        looks = sorted(failed for failed, _ in found if failed is not None)
        early = sum(passed is not None for _, passed in found)
        speed = f"{median(looks):g} ({looks[int(0.9 * (len(looks) - 1))]})" if looks else "never"
        table.append((change.title, wilson(len(looks), runs), speed, wilson(early, runs)))
    return (
        f"### Something changed\n\n{runs} watches each: 60 readings of the revision before, then one of the new "
        "one at a time (a rate: 2 to 20 events each), judged after each. The least number of readings before any "
        f"verdict is 6, before a PASS 18.\n\n{_markdown(table)}"
    )


def _known() -> str:
    """What Kayenta is known to miss."""
    table: Table = [("candidate", "baseline", "kind", "verdict", "needed")]
    for kind in ("latency", "level", "count"):
        rule = MetricRule(kind, kind, "both" if kind == "level" else "up")
        for new, old, needed in (
            ([100.0] * 7 + [1.0] * 3, [1.0] * 10, "bad"),
            ([0.0, 1.0, 2.0, 1.0, 0.0, 0.0], [0.0] * 6, "not a pass"),
            ([], [1.0] * 10, "not a pass"),
        ):
            said = judge(rule, Samples(tuple(old)), Samples(tuple(new))).status.name
            table.append((_short(new), _short(old), kind, said, needed))
    return f"### Known misses of others (Kayenta)\n\n{_markdown(table)}"


def _short(values: Sequence[float]) -> str:
    return "none" if not values else " ".join(f"{value:g}" for value in values)


def _markdown(table: Table) -> str:
    head, *rows = table
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
