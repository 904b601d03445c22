"""Our workflows, run by act for the events that GitHub sends: what passes, what fails, and that nothing fails open."""

from pathlib import Path

import pytest

from tests.workflows.ground import BAD, CHARTER, GOOD, SEALED, ZEROS, Ground

pytestmark = pytest.mark.integration


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground.make(tmp_path)


def hijacked(ground: Ground) -> list[Path]:
    return list(ground.folder.parent.rglob("hijacked"))


@pytest.mark.parametrize("name", ["pull_request", "merge_group", "push"])
def test_a_good_change_passes_every_leg_and_the_gate(ground: Ground, name: str) -> None:
    ran = ground.act(name, "validate", ground.event(name, ground.change(GOOD)))
    assert ran.code == 0, ran.text
    assert set(ran.jobs.values()) == {True}
    assert {"plan", "gate"} <= set(ran.jobs)
    assert any(job.startswith("stage") for job in ran.jobs)
    assert hijacked(ground) == []


def test_a_bad_change_fails_its_leg_and_the_gate(ground: Ground) -> None:
    ran = ground.act("pull_request", "validate", ground.event("pull_request", ground.change(BAD)))
    assert ran.code != 0
    assert ran.jobs["plan"]
    assert not ran.jobs["gate"]
    assert "not formatted" in ran.text


def test_an_event_that_names_no_commit_leaves_the_gate_red(ground: Ground) -> None:
    ran = ground.act("push", "validate", ground.event("push", ground.change(GOOD), before=ZEROS))
    assert ran.code != 0
    assert not ran.jobs.get("gate", False)


def test_the_validator_of_the_base_judges_and_not_the_changes_own(ground: Ground) -> None:
    """A change that brings a validator which passes everything is judged by the other one."""
    lenient = {"scripts/setup": "#!/bin/sh\nmkdir -p .venv/bin; printf '#!/bin/sh\\nexit 0\\n' > .venv/bin/megawatts\n"}
    ran = ground.act("pull_request", "validate", ground.event("pull_request", ground.change({**BAD, **lenient})))
    assert ran.code != 0
    assert not ran.jobs["gate"]


def test_the_policy_refuses_the_engine_what_is_sealed_and_leaves_it_to_people(ground: Ground) -> None:
    head = ground.change(SEALED)
    engine = ground.act("pull_request", "policy", ground.event("pull_request", head, ref="megawatts/0123456789ab"))
    assert (engine.code, engine.jobs) == (1, {"policy": False}), engine.text
    person = ground.act("pull_request", "policy", ground.event("pull_request", head))
    assert (person.code, person.jobs) == (0, {"policy": True}), person.text


def test_a_charter_that_the_change_brings_is_not_asked(ground: Ground) -> None:
    loose = {".github/charter.toml": CHARTER.replace('tier = "sealed"\nowners = ["@ann"]', 'tier = "safe"')}
    head = ground.change({**SEALED, **loose})
    ran = ground.act("merge_group", "policy", ground.event("merge_group", head))
    assert ran.code == 0, ran.text
    engine = ground.act("pull_request", "policy", ground.event("pull_request", head, ref="megawatts/0123456789ab"))
    assert engine.jobs == {"policy": False}
