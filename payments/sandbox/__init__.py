"""The stand-in for Stripe in development: no network, no account, and never beside a live key.

To be read in this order:

    transport.py   the door: an HTTP client for the SDK, which answers by itself instead of asking Stripe
    http/          a request as it comes in: encoding, parameters, routes, idempotency
    objects/       Checkout Sessions, PaymentIntents, refunds, coupons, events, webhook endpoints: a module each
    paying/        what a payer does, with which card, and what becomes of it
    pages/         the hosted payment page, and the frame of the Payment Element
    demo/          a month of believable orders, told by the shop's own acts
    webhooks/      events on their way to the shop, signed and over HTTP
    store.py       what is remembered, in an SQLite file of its own

Its amounts are computed here once more, by rules of its own, so that a mistake in the shop's shows.
"""
