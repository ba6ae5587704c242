"""How fast the shop is, told by ratios: what is measured and what it is compared with run in turn, on one machine."""
