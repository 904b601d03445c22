"""Whether a bot of this deployer is on trial: by what the deployer wrote down, as long as it shares the members."""

from pathlib import Path

from bot.adapters.localdeploy.state import Board, State
from bot.policy.rings import Ring


def ring_of(state: State, pid: int) -> Ring:
    """The ring of that process. One that is not written down yet is being started: nobody knows it to be well."""
    current, previous = state.current, state.previous
    if current is None or (previous is not None and previous.pid == pid):
        return "stable"
    return "stable" if current.pid == pid and not state.split else "beta"


def ring_here(folder: Path, pid: int) -> Ring:
    """The ring by the deployer's folder. Raises Misconfigured for a file that is broken."""
    return ring_of(Board(folder).state(), pid)
