"""The judge on real series cut as deploys (NAB), with faults put into the clean ones."""

import gzip
import json

import pytest

from benchmarks._judge_faults import FAULTS, Series, Window, windows
from benchmarks._report import data
from bot.core.health import MetricRule
from bot.core.verdict import Status
from bot.policy.judge.court import judge
from bot.policy.judge.samples import Samples

pytestmark = pytest.mark.slow
RULE = MetricRule("level", "level", "both")


@pytest.fixture(scope="module")
def clean() -> list[Window]:
    path = data("nab-deploys.json.gz")
    if path is None:
        pytest.skip("nab-deploys.json.gz is absent: name its folder with MEGAWATTS_DATA")
    return [w for w in windows(json.loads(gzip.decompress(path.read_bytes()))) if not w.bad]


def _failed(window: Window, after: Series) -> bool:
    return judge(RULE, Samples(window.before), Samples(tuple(after))).status is Status.FAIL


def test_false_alarms_on_clean_deploys_stay_at_one_in_a_hundred(clean: list[Window]) -> None:
    assert sum(_failed(w, w.after) for w in clean) <= 0.01 * len(clean)


@pytest.mark.parametrize("name", [n for n in FAULTS if n.startswith(("step", "ramp"))])
def test_steps_and_ramps_are_found(clean: list[Window], name: str) -> None:
    assert sum(_failed(w, FAULTS[name](w)) for w in clean) >= 0.95 * len(clean)


@pytest.mark.parametrize("name", [n for n in FAULTS if n.startswith(("burst", "leak", "silence: no"))])
def test_bursts_leaks_and_silence_are_found(clean: list[Window], name: str) -> None:
    assert sum(_failed(w, FAULTS[name](w)) for w in clean) >= 0.9 * len(clean)


@pytest.mark.parametrize("name", [n for n in FAULTS if n.startswith("silence") and "no answers" not in n])
def test_standing_still_is_found_where_the_series_did_not(clean: list[Window], name: str) -> None:
    """A window whose second half was zeros anyway is the same with the fault as without it, and must not be bad."""
    changed = [(w, fault) for w in clean if list(fault := FAULTS[name](w)) != list(w.after)]
    assert len(changed) >= 0.95 * len(clean)
    assert sum(_failed(w, fault) for w, fault in changed) >= 0.9 * len(changed)
