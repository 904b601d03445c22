"""Built-in tools, one file per family; a new file here is found by itself."""
