"""Stores: records, cache and rate limits, on this machine or on servers, and the audit log and the emergency switch."""
