"""Events on their way to the shop: what is due, where to, and who carries it."""
