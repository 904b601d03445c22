"""A folder of weights under the library Transformers: the library's own where it is installed, else one with its calls.

The library and its tensors are gigabytes: the extra `transformers` is in no lock.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.adapters.models import local_transformers
from bot.adapters.models.local_transformers import Transformers
from bot.agent.wire import ModelFault, Request
from bot.core.errors import Misconfigured
from bot.policy.routing import FREE

BRIEF = Request([], (), 12, brief=("You are brief.", "Say hello."))
STREAM = Request([], (), 12, stream=True, brief=("You are brief.", "Say hello."))
CALLS = """
import os
class StoppingCriteriaList(list): pass
class TextIteratorStreamer:
    def __init__(self, tokenizer, skip_prompt, skip_special_tokens):
        import queue
        assert skip_prompt and skip_special_tokens
        self.pieces = queue.Queue()
    def put(self, piece): self.pieces.put(piece)
    def end(self): self.pieces.put(None)
    def __iter__(self): return iter(self.pieces.get, None)
class Ids:
    shape, device = (1, 5), "cpu"
class Tokenizer:
    chat_template = "{{ messages }}"
    def __call__(self, text): return {"input_ids": text.split()}
class Pipe:
    tokenizer = Tokenizer()
    def __call__(self, messages, *, max_new_tokens, do_sample, streamer, stopping_criteria):
        assert not any(name in os.environ for name in ("OPENAI_API_KEY", "DISCORD_BOT_TOKEN"))
        words = ["heard", *messages[-1]["content"].split(), str(max_new_tokens), os.environ["HF_HUB_OFFLINE"]]
        for word in words:
            if stopping_criteria[0](Ids, None): return
            streamer.put(word + " ")
def pipeline(task, *, model, tokenizer, trust_remote_code, model_kwargs):
    print("the library says something")
    assert (task, model, trust_remote_code) == ("text-generation", tokenizer, False)
    assert model_kwargs == {"use_safetensors": True}
    if os.path.exists(os.path.join(model, "broken")): raise OSError("secret path")
    return Pipe()
"""
TORCH = "bool = 'bool'\ndef full(shape, value, dtype, device): return value\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tiny"
    made.mkdir()
    (made / "config.json").write_text('{"max_position_embeddings": 2048}')
    (made / "model.safetensors").write_bytes(b"")
    return made


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules with the library's names and calls, for this process and its own."""
    place = tmp_path / "site"
    place.mkdir()
    (place / "transformers.py").write_text(CALLS)
    (place / "torch.py").write_text(TORCH)
    monkeypatch.syspath_prepend(str(place))


async def heard(_text: str) -> None: ...


@pytest.mark.integration
@pytest.mark.usefixtures("library")
async def test_it_answers_from_a_process_that_holds_no_secret(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-ours")
    model = Transformers(folder)
    try:
        assert model.running is None
        assert (await model.call("tiny", BRIEF, heard)).text.strip() == "heard Say hello. 12 1"
        process = model.running
        grown: list[str] = []

        async def note(text: str) -> None:
            grown.append(text)

        found = await model.call("tiny", STREAM, note)
        assert found.text.strip() == "heard Say hello. 12 1"
        assert (found.input_tokens, found.output_tokens, found.cut) == (5, 5, False)
        assert grown[-1].strip() == found.text.strip()
        assert model.running == process
    finally:
        await model.close()
    assert model.running is None


@pytest.mark.integration
@pytest.mark.usefixtures("library")
async def test_a_folder_that_does_not_load_is_a_fault_of_one_sentence(folder: Path) -> None:
    (folder / "broken").touch()
    model = Transformers(folder)
    with pytest.raises(
        ModelFault, match=r"LOCAL_MODEL .* did not start: its folder does not load \(OSError\)"
    ) as raised:
        await model.call("tiny", BRIEF, heard)
    assert "secret path" not in raised.value.because
    assert not raised.value.sent
    assert model.running is None
    await model.close()


@pytest.mark.integration
@pytest.mark.skipif(find_spec("transformers") is None, reason="the extra `transformers` is not installed")
async def test_a_real_model_of_random_weights_answers(tmp_path: Path) -> None:
    tokenizers, transformers = import_module("tokenizers"), import_module("transformers")

    words = tokenizers.Tokenizer(tokenizers.models.BPE())
    words.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    words.train_from_iterator(["hello to you"], trainer)
    known = transformers.PreTrainedTokenizerFast(tokenizer_object=words, bos_token="<s>", eos_token="</s>")
    known.chat_template = "{% for one in messages %}{{ one.role }}: {{ one.content }}\n{% endfor %}"
    known.save_pretrained(tmp_path / "tiny")
    config = transformers.LlamaConfig(
        vocab_size=len(known), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2
    )
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "tiny")
    model = Transformers(tmp_path / "tiny")
    try:
        found = await model.call("tiny", STREAM, heard)
        assert found.text
        assert found.output_tokens > 0
    finally:
        await model.close()


@pytest.mark.integration
@pytest.mark.usefixtures("library")
async def test_it_is_free_at_home_without_tools_and_its_context_is_its_own(folder: Path) -> None:
    (one,) = await Transformers(folder).candidates()
    assert (one.provider, one.model, one.local, one.price) == ("local", "tiny", True, FREE)
    assert (one.tools, one.capable, one.context) == (False, 1, 2048)
    (folder / "config.json").write_text('{"max_position_embeddings": "long"}')
    (one,) = await Transformers(folder).candidates()
    assert one.context == 0


def test_without_the_library_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_transformers, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(Misconfigured, match=r"not installed: torch; pip install 'megawatts\[transformers\]'"):
        Transformers(folder)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda folder: (folder / "config.json").unlink(), "no config.json that can be read"),
        (lambda folder: (folder / "config.json").write_text("[1]"), "no config.json that can be read"),
        (lambda folder: (folder / "config.json").write_bytes(b"\xff"), "no config.json that can be read"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "model.bin"), r"no weights in \*.safetensors"),
    ],
)
def test_a_folder_without_a_model_is_named_with_its_setting(
    folder: Path, monkeypatch: pytest.MonkeyPatch, break_it: object, said: str
) -> None:
    monkeypatch.setattr(local_transformers, "find_spec", lambda _name: object())
    assert callable(break_it)
    break_it(folder)
    with pytest.raises(Misconfigured, match=f"LOCAL_MODEL names .*{said}"):
        Transformers(folder)
