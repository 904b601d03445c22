"""Argo CD as the deployer: an async typed client of its API, and the door of the house over it."""
