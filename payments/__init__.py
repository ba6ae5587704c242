"""A storefront in which the currency of an item picks the Stripe keypair."""
