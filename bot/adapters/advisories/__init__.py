"""What OSV and the package index know of a release that a change wants to install."""
