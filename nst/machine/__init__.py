"""What the machine has: memory, cores, and how this process uses them."""
