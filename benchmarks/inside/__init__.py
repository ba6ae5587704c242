"""Scripts that run as a process of the shop, in its settings: what costs CPU is measured where nothing else runs."""
