"""Intermediate-task training for zero-shot cross-lingual transfer: the library under the book's notebooks."""

__version__ = "0.1.0"
