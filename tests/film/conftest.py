"""Films are painted with a slim network."""

from __future__ import annotations

from slim import trunk as trunk
