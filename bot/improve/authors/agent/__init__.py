"""The author that is a model: it reads, edits and tests through tools that refuse early what the gate would."""
