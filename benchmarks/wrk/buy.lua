-- Somebody new with each request, whose order is an order of its own.
wrk.method = "POST"
wrk.headers["Accept"] = "application/json"
wrk.headers["Content-Length"] = "0"
