"""The settings of the page: a user's own, without authentication a device's."""

import re

from flask import Blueprint, request

from bemore import clock
from bemore.api.http.operation import operation
from bemore.auth.access import Access, subject
from bemore.errors import InvalidInput
from bemore.models import preference
from bemore.schemas.base import problem
from bemore.schemas.preferences import Preferences, SavePreferences

blueprint = Blueprint("preferences", __name__, url_prefix="/api/user")

_DEVICE = re.compile("[ -~]{1,128}")


@blueprint.get("/preferences")
@operation("The settings of the page", Access.SIGNED_IN, response=Preferences, errors=(400,))
def show():
    """Of the caller; while authentication is off of the device that `X-Device-ID` names, without one those that all share."""
    return Preferences(*preference.get(_owner(), clock.now_ms()))


@blueprint.put("/preferences")
@operation("Choose settings of the page", Access.SIGNED_IN, body=SavePreferences, response=Preferences)
def save(body):
    """For the same owner as `GET`. The response is all settings as they are then."""
    return Preferences(*preference.merge(_owner(), body["preferences"], clock.now_ms()))


def _owner():
    who = subject()
    device = request.headers.get("X-Device-ID", "").strip() or None
    if who is None and device is not None and not _DEVICE.fullmatch(device):
        raise InvalidInput([problem("X-Device-ID", "must be 1 to 128 printable ASCII characters")])
    return preference.owner_of(who, device)
