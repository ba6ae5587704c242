"""The network and the keys. The gateway knows Stripe, never the database."""
