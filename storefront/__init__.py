"""The project: nothing but wiring."""
