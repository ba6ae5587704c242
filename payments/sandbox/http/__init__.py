"""A request of the SDK as the stand-in reads it: encoding, parameters, routes, idempotency, lists, expansion."""
