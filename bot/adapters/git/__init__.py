"""A git repository as a store of content: exact trees in and out, and never a program of the repository's choosing."""
