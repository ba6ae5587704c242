"""One address for the webhooks of every account: the secret that verifies one names its account."""

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments import webhooks
from payments.errors import StorefrontError
from payments.gateway import events
from payments.views.problems import problem_json

logger = logging.getLogger(__name__)


@csrf_exempt
@never_cache
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    try:
        event = events.verify(request.body, request.headers.get("Stripe-Signature", ""))
    except events.InvalidEvent as error:
        logger.warning("Webhook refused: %s", error, extra={"event": "webhook", "outcome": "forged"})
        webhooks.refusals.add(str(error))
        return problem_json(400, "invalid_event", "This is not a signed event of an account of this shop.")
    try:
        webhooks.receive(event)
    except StorefrontError as error:
        facts = {"event": "webhook", "account": event.keypair.publishable_key, "outcome": "postponed"}
        logger.warning("Event %s is kept, and not worked on yet: %s", event.id, error.code, extra=facts)
        return problem_json(503, error.code, "The event is kept but could not be worked on: send it again.")
    return JsonResponse({"received": True})
