"""Every process of the tests → one that leaves the cores to the others while it waits."""

import os

# Before NumPy and OpenMP are loaded, here and in every process that a test starts: by default each
# has a thread for every core, which waits for the others of its process by spinning.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
