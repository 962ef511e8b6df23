"""Measurements that the documents' figures come from."""

import nst  # noqa: F401  sets how OpenMP waits, which it reads when torch is loaded
