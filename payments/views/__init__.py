"""HTTP only: read the request, call an act, write the answer."""
