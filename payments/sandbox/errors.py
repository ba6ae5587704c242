"""Refusals, in the shape of Stripe's error objects and as near as can be in its words."""

from typing import Any


class ApiError(Exception):
    """Becomes the response. Handlers check everything before they write, so it leaves nothing behind."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        param: str = "",
        status: int = 400,
        type: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"message": message, "type": type}
        if code:
            self.error |= {
                "code": code,
                "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
            }
        if param:
            self.error["param"] = param

    @property
    def body(self) -> dict[str, Any]:
        return {"error": self.error}


def wrong_key(key: str) -> ApiError:
    if not key:
        return ApiError("You did not provide an API key in the Authorization header, using Bearer auth.", status=401)
    shown = f"{key[:8]}{'*' * 12}{key[-4:]}" if len(key) > 24 else "*" * 12
    return ApiError(f"Invalid API Key provided: {shown}", status=401)


def secret_key_required() -> ApiError:
    message = "This API call cannot be made with a publishable API key. Please use a secret API key."
    return ApiError(message, code="secret_key_required", status=401)


def unrecognized_url(method: str, path: str) -> ApiError:
    return ApiError(f"Unrecognized request URL ({method}: {path}).", status=404)


def no_such(type: str, id: str, *, param: str = "", status: int = 404) -> ApiError:
    return ApiError(f"No such {type}: '{id}'", code="resource_missing", param=param or "id", status=status)


def changed_parameters(key: str) -> ApiError:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return ApiError(message, type="idempotency_error")


def unknown_parameters(names: list[str]) -> ApiError:
    plural = "s" if len(names) > 1 else ""
    message = f"Received unknown parameter{plural}: {', '.join(names)}"
    return ApiError(message, code="parameter_unknown", param=names[0])


def missing_parameter(name: str) -> ApiError:
    return ApiError(f"Missing required param: {name}.", code="parameter_missing", param=name)


def invalid(name: str, message: str, code: str = "") -> ApiError:
    return ApiError(message, code=code, param=name)


def not_served(name: str) -> ApiError:
    message = f"Stripe knows {name}, but the stand-in for Stripe does not serve it yet."
    return ApiError(message, param=name)
