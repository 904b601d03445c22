import pytest

from bot.policy.pause import awake


@pytest.mark.parametrize("command", ["resume", "stop", "status", "settings set", "Settings", "help"])
def test_what_shows_and_ends_a_stop_is_answered(command: str) -> None:
    assert awake(command)


@pytest.mark.parametrize("command", ["", "ask", "roll", "statusx", "plan help", "rollback", "memory show"])
def test_nothing_else_is(command: str) -> None:
    assert not awake(command)
