"""Pure decisions: data in, Verdict or Step out; no I/O and no clock, `now` is an argument."""
