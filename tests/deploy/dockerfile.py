"""A Dockerfile as stages of instructions, enough to ask it what the tests ask."""

import re
import shlex
from dataclasses import dataclass, field


@dataclass
class Stage:
    """One build stage: its name, what it starts from, and its instructions in order."""

    name: str
    source: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        """Arguments of every instruction of that kind."""
        return [text for kind, text in self.steps if kind == instruction]


def parse(text: str) -> dict[str, Stage]:
    """Stages by name. Raises ValueError for one without a name."""
    stages: dict[str, Stage] = {}
    current: Stage | None = None
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    for line in filter(None, (one.strip() for one in joined.splitlines())):
        kind, _, rest = line.partition(" ")
        if kind == "FROM":
            words = rest.split()
            if len(words) != 3 or words[1] != "AS":
                raise ValueError(f"a stage without a name: {line}")
            current = stages[words[2]] = Stage(words[2], words[0])
        elif current is not None:
            current.steps.append((kind, rest.strip()))
    return stages


def lineage(stages: dict[str, Stage], name: str) -> list[Stage]:
    """A stage and those that it stands on, the first of them first."""
    found = [stages[name]]
    while found[0].source in stages:
        found.insert(0, stages[found[0].source])
    return found


def effective(stages: dict[str, Stage], name: str, instruction: str) -> list[str]:
    """Arguments of an instruction in a stage and in all that it stands on, in order."""
    return [text for stage in lineage(stages, name) for text in stage.all(instruction)]


def assigned(texts: list[str]) -> dict[str, str]:
    """`A=b C=d` of ENV or LABEL."""
    return dict(word.split("=", 1) for text in texts for word in shlex.split(text))
