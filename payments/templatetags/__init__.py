"""Tags that the shop's templates load."""
