"""The words of the house: frozen data, errors, and the doors to the outside; no I/O."""
