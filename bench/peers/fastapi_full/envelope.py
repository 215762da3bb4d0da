"""The one shape of all answers."""

import time

from starlette.responses import JSONResponse

MODEL_VERSION = "rules-v1.0"


def _trace(request_id):
    return {"requestId": request_id, "serverTs": time.time_ns() // 1_000_000, "modelVersion": MODEL_VERSION}


def success(request, data, status=201, **beside):
    """``data`` in the envelope; ``beside`` are fields next to it."""
    return JSONResponse({"success": True, **beside, "data": data, **_trace(request.state.request_id)}, status)


def failure(request_id, status, code, message, details=None, headers=None):
    """An error in the envelope; ``details`` lists problems where there is more than one thing to say."""
    error = {"code": code, "message": message, **({"details": details} if details else {}), "requestId": request_id}
    return JSONResponse({"success": False, "error": error, **_trace(request_id)}, status, headers)
