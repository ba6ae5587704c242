"""The hosted payment page and the Payment Element, in the eyes of a payer another site."""
