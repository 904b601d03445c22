"""A model from a folder of weights, run by the pipelines of the library Transformers in a process of its own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bot.adapters.models.local_process import IDLE, OwnProcess
from bot.core.errors import Misconfigured
from bot.policy.routing import Candidate

START = 300.0
"""Seconds: the library alone takes some, and the weights may be many gigabytes."""
NEEDED = ("transformers", "torch")
_WEAK = 1
"""What it is taken to be capable of: it gets no tools, and a short text."""


class Transformers(OwnProcess):
    """`bot.agent.wire.Provider` over `pipeline("text-generation")`. Nothing is ever fetched: the folder has it all.

    Weights must be safetensors, as other formats can hold code. https://huggingface.co/docs/transformers/main_classes/pipelines
    """

    module = "bot.adapters.models.local_transformers_server"
    called = "the model of LOCAL_MODEL"
    setting = "LOCAL_MODEL"

    def __init__(self, folder: Path, *, idle: float = IDLE, timeout: float = 60.0, start: float = START) -> None:
        """Times in seconds. Raises Misconfigured."""
        super().__init__(folder.name, idle=idle, timeout=timeout, start=start)
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            raise Misconfigured(
                f"LOCAL_MODEL is set, and not installed: {', '.join(missing)}; pip install 'megawatts[transformers]'"
            )
        self._tokens = _context(folder)
        self.given = (str(folder.absolute()),)

    async def candidates(self) -> Sequence[Candidate]:
        """The one model, without tools."""
        return [
            replace(one, tools=False, capable=min(one.capable, _WEAK), context=self._tokens or one.context)
            for one in await super().candidates()
        ]

    def environment(self) -> Mapping[str, str]:
        """As all, and nothing is looked for on a hub."""
        return {**super().environment(), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


def _context(folder: Path) -> int:
    """Tokens that fit, as the model's own configuration has it; 0: it does not say. Raises Misconfigured."""
    try:
        config: Any = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tokens = config.get("max_position_embeddings", 0)
    except (OSError, ValueError, AttributeError) as error:
        raise Misconfigured(
            f"LOCAL_MODEL names {folder}, which has no config.json that can be read ({type(error).__name__}): "
            "set it to a folder as `save_pretrained` writes one"
        ) from None
    if not any(folder.glob("*.safetensors")):
        raise Misconfigured(f"LOCAL_MODEL names {folder}, which has no weights in *.safetensors; convert them")
    return tokens if isinstance(tokens, int) and tokens > 0 else 0
