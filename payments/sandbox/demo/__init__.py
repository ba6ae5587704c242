"""A month of believable orders: goods, people, what each of them does, and the month in which they do it."""
