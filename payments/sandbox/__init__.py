"""The stand-in for Stripe in development: no network, no account, and never beside a live key."""
