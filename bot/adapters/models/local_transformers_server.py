"""The process of `local_transformers`: `python -m bot.adapters.models.local_transformers_server`.

It reads a key and a folder from its input, writes one line with its address or with what is at fault, serves on the
loopback only, and ends when its input ends.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.adapters.models.local_http import ChatServer, Messages


class Pipeline:
    """The library's own pipeline. Everything comes from the folder, and no code from it is run."""

    def __init__(self, folder: Path) -> None:
        from transformers import pipeline  # type: ignore[import-not-found]  # noqa: PLC0415  (in this process only)

        self._pipe: Any = pipeline(
            "text-generation", model=str(folder), tokenizer=str(folder), trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )  # fmt: skip

    def write(self, messages: Messages, most: int) -> Iterator[str]:
        """The answer, piece by piece; who stops listening stops the work. Raises what the library raises."""
        from transformers import StoppingCriteriaList, TextIteratorStreamer  # noqa: PLC0415

        left, failed = threading.Event(), list[Exception]()
        pieces: Any = TextIteratorStreamer(self._pipe.tokenizer, skip_prompt=True, skip_special_tokens=True)
        stop = StoppingCriteriaList([lambda ids, _scores, **_more: _each(ids, done=left.is_set())])

        def work() -> None:
            try:
                asked = self._prompt(messages)
                self._pipe(asked, max_new_tokens=most, do_sample=False, streamer=pieces, stopping_criteria=stop)
            except Exception as error:  # noqa: BLE001  (told to who listens)
                failed.append(error)
            finally:
                pieces.end()

        worker = threading.Thread(target=work)
        worker.start()
        try:
            yield from (piece for piece in pieces if piece)
        finally:
            left.set()
            worker.join()
        if failed:
            raise failed[0]

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._pipe.tokenizer(text)["input_ids"])

    def _prompt(self, messages: Messages) -> Any:
        """As the model was taught to be spoken to; one that was not taught gets the bare texts."""
        if self._pipe.tokenizer.chat_template is None:
            return "\n\n".join(one["content"] for one in messages) + "\n\n"
        return [dict(one) for one in messages]


def _each(ids: Any, *, done: bool) -> Any:
    """The same for each text of the batch, on the device where they are."""
    import torch  # type: ignore[import-not-found]  # noqa: PLC0415

    return torch.full((ids.shape[0],), done, dtype=torch.bool, device=ids.device)


def main(answers: Any) -> None:
    """Serve until the input ends."""
    key, folder = sys.stdin.readline().strip(), Path(sys.stdin.readline().rstrip("\n"))
    try:
        server = ChatServer(folder.name, key, Pipeline(folder))
    except Exception as error:  # noqa: BLE001  (whatever a model's files make the library raise)
        row = {"fault": f"its folder does not load ({type(error).__name__})"}
    else:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        row = {"address": server.address}
    answers.write(json.dumps(row) + "\n")
    answers.flush()
    sys.stdin.read()


if __name__ == "__main__":
    own = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the library prints must not be taken for the answer
    main(own)
