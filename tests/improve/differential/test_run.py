"""What a comparison asks the probe to do, in which order."""

import json
from collections.abc import Mapping

from bot.core.sandbox import Finished, Limits
from bot.improve.differential.run import Comparison, Side, Target
from bot.improve.inputs.spec import spec_of
from bot.improve.inputs.values import Call, encode_call


async def test_calls_that_were_given_and_found_unfit_come_last() -> None:
    """A probe ends a function's run after some calls that hang, and must have seen the good ones by then."""
    asked: list[list[object]] = []

    async def probe(_side: Side, job: bytes, _env: Mapping[str, str], _limits: Limits) -> Finished:
        told = json.loads(job)
        task = told["tasks"][0]
        if told["do"] == "observe":
            asked.append(task["calls"])
            return Finished(0, b"", b"", 0.0)
        fit = [encode_call(Call((n,))) for n in (1, 2)]
        row = {"f": task["id"], "calls": fit, "lines": [2], "arcs": []}
        return Finished(0, json.dumps(row).encode(), b"", 0.0)

    spec = spec_of("def f(n: int) -> int:\n    return n\n", "f", module="m")
    given = (Call((-7,)), Call((2,)))
    result = (await Comparison(probe, (".",)).run([Target("m.f", spec, spec, given)]))[0]
    assert result.calls == (Call((1,)), Call((2,)), Call((-7,)))
    assert asked == [[encode_call(c) for c in result.calls]] * 3
