"""The tests of the engine look with a slim network, but for those that compare with others'."""

from __future__ import annotations

from slim import trunk as trunk
