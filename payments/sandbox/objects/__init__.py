"""Stripe's objects, a module each: what a call does to them, and what they come to."""
