"""Painting: the loop, what it compares a canvas with, and the schedule of sizes."""
