"""Watches the deploys of any application, says what should be taken back, and takes it back where it may."""
