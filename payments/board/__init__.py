"""The board's figures, for each account and currency over a period; never a sum over two of them, nor of live and test.

    gross       what shoppers paid in the period, taxes on top included; also what was paid a second time
    discounts   what was given off in the orders that were paid or completed in the period
    taxes       what these orders contain of taxes, included in prices or on top of them
    refunds     what went back in the period, whichever order it was for; less what came back since a refund failed
    disputes    what banks withdrew in the period, less what they gave back
    net         gross - refunds - disputes: what the account's balance grew by, before Stripe's fees
    orders      those that were paid in the period, and those that were complete since there was nothing to pay
    average     what the paid orders came to, divided by how many they are
    conversion  of the orders that were first offered for payment in the period, the part that is paid by now
    best items  by what their lines came to in paid orders, before discount and taxes on top, and by how many were sold

A free order belongs to no account, as no money moved: it counts with the account that sells in its currency now. The
times are the shop's own, as it learned of things, but for disputes, of which Stripe says when money moved. Money that
moved is counted when it moved: a refund that fails counts when it was made, and is taken off again when it failed.
"""
