"""Encoders: built, opened, handed on; attention, low rank, devices, sharding."""
