"""Polls on proposals and the members' ballots."""
