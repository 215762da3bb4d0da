"""The settings of the page: a user's own, without authentication a device's."""

import re

from flask import Blueprint, request

from bemore import clock
from bemore.api.openapi import around_shapes
from bemore.auth.access import Access, subject
from bemore.api.http.responses import success
from bemore.api.http.operation import operation
from bemore.errors import InvalidInput
from bemore.models import preference
from bemore.schemas.around import ChosenPreferences, SavePreferences
from bemore.schemas.base import load, problem

blueprint = Blueprint("preferences", __name__, url_prefix="/api/user")

_DEVICE = re.compile("[ -~]{1,128}")
_schema = SavePreferences()
_told = {name: field.data_key or name for name, field in ChosenPreferences().fields.items()}


@blueprint.get("/preferences")
@operation("The settings of the page", Access.SIGNED_IN, data=around_shapes.PREFERENCES, errors=(400,))
def show():
    """Of the caller; while authentication is off of the device that `X-Device-ID` names, without one those that all share."""
    return _answer(preference.get(_owner(), clock.now_ms()))


@blueprint.put("/preferences")
@operation("Choose settings of the page", Access.SIGNED_IN, body=SavePreferences, partial=True, data=around_shapes.PREFERENCES)
def save(raw):
    """Whose they are is told as by `GET`. The answer is all settings as they are then."""
    chosen = load(_schema, raw)["preferences"]
    return _answer(preference.merge(_owner(), chosen, clock.now_ms()))


def _answer(found):
    return success({_told[name]: value for name, value in found._asdict().items()})


def _owner():
    who = subject()
    device = request.headers.get("X-Device-ID", "").strip() or None
    if who is None and device is not None and not _DEVICE.fullmatch(device):
        raise InvalidInput([problem("X-Device-ID", "must be 1 to 128 printable ASCII characters")])
    return preference.owner_of(who, device)
