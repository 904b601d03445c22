"""Stores on the disk of one machine: records, the audit log and the emergency switch."""
