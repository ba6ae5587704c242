"""One file per thing a person can do; the names are sentences."""
