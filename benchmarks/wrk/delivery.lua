-- Webhooks as Stripe sends them: a line of the file is a signature, a tab, and the body that it signs.
local deliveries, sent = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local signature, body = line:match("^(.-)\t(.*)$")
    local headers = { ["Content-Type"] = "application/json; charset=utf-8", ["Stripe-Signature"] = signature }
    deliveries[#deliveries + 1] = wrk.format("POST", nil, headers, body)
  end
end

-- From the beginning again at the end: whoever cannot take one twice counts them.
function request()
  sent = sent + 1
  return deliveries[(sent - 1) % #deliveries + 1]
end
