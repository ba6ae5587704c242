-- A program that buys: without a cookie, so that each time is an order of its own.
wrk.method = "POST"
wrk.headers["Accept"] = "application/json"
wrk.headers["Content-Type"] = "application/json"
wrk.body = "{}"
