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
    """The settings that were chosen: by the caller; while authentication is off, on the device that `X-Device-ID` names."""
    owner = _owner()
    return Preferences(**({} if owner is None else preference.get(owner, clock.now_ms())))


@blueprint.put("/preferences")
@operation("Choose settings of the page", Access.SIGNED_IN, body=SavePreferences, response=Preferences)
def save(body):
    """For the same owner as `GET`. The response is all chosen settings. Without an owner nothing is kept."""
    owner = _owner()
    chosen = {name: value for name, value in body["preferences"].items() if value is not None}
    return Preferences(**(chosen if owner is None else preference.merge(owner, chosen, clock.now_ms())))


def _owner():
    """The owner of the caller's settings, None if nothing tells one browser from another."""
    who = subject()
    device = request.headers.get("X-Device-ID", "").strip() or None
    if who is None and device is not None and not _DEVICE.fullmatch(device):
        raise InvalidInput([problem("X-Device-ID", "must be 1 to 128 printable ASCII characters")])
    return None if who is None and device is None else preference.owner_of(who, device)
