"""What the benchmarks paint in tests, they paint with a slim network."""

from __future__ import annotations

from slim import trunk as trunk
