"""What a payer does, with which card, and what becomes of it."""
