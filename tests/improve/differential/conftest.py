"""Compares two versions of a function in this process, with the parts that the probe is made of."""

import gc
import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.improve.differential.explore import Explorer
from bot.improve.differential.observe import Watcher
from bot.improve.differential.run import Result, settle
from bot.improve.differential.subject import Subject
from bot.improve.inputs.spec import Spec, spec_of
from bot.improve.inputs.values import Call

Compare = Callable[..., Result]
numbers = itertools.count()


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Compare]:
    """`compare(base, head)` runs the function `f` of both sources on the same inputs."""
    monkeypatch.syspath_prepend(tmp_path)
    made: list[str] = []

    def watcher(source: str, name: str) -> tuple[Watcher, str, Subject]:
        module = f"subject_{next(numbers)}"
        made.append(module)
        (tmp_path / f"{module}.py").write_text(source)
        importlib.invalidate_caches()
        subject = Subject([], 0)
        return (
            Watcher(lambda path: subject.find(f"{module}:{path.partition(':')[2]}"), f":{name}", "", 0.03),
            module,
            subject,
        )

    def run(base: str, head: str, name: str = "f", tests: tuple[str, ...] = (), limit: int = 120) -> Result:
        sides = [watcher(base, name), watcher(head, name)]
        result = Result(name)
        for (watch, module, subject), source, other in zip(sides, (base, head), (head, base), strict=True):
            spec: Spec = spec_of(source, name, module=module, tests=tests, also=[other])
            watch.path = f":{spec.name}"
            file = str(subject.load(module).__file__)
            explorer = Explorer(spec, watch, {file}, 7, limit=limit, seconds=1.0)
            calls: list[Call] = explorer.run(list(result.calls))
            result.calls = tuple({repr(c): c for c in [*result.calls, *calls]}.values())
        rounds = []
        for seed, (watch, _, subject) in ((0, sides[0]), (0, sides[1]), (1, sides[0])):
            subject.seed = seed
            seen = {}
            for i, call in enumerate(result.calls):
                subject.still()
                seen[i] = watch.observe(call)
            rounds.append(seen)
        settle(result, *rounds)
        return result

    gc.disable()  # a time limit that strikes inside a finaliser of the test runner would be reported as its error
    yield run
    gc.enable()
    for module in made:
        sys.modules.pop(module, None)
