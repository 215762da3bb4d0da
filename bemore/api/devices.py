"""Whether a client can take part: the way to it as the system measures it. Its camera and microphone only its browser knows."""

import re
import socket
import struct

from flask import Blueprint, current_app, request

from bemore.api.http.operation import operation
from bemore.auth.access import Access
from bemore.schemas.base import EmptyBody
from bemore.schemas.devices import DeviceCheck

blueprint = Blueprint("devices", __name__, url_prefix="/api/session/devices")

#: Where a proxy tells of its client's connection (``deploy/nginx.conf``): round trip in µs, congestion window in segments.
_RTT, _WINDOW = "HTTP_X_TCPINFO_RTT", "HTTP_X_TCPINFO_SND_CWND"
_NUMBER = re.compile("[0-9]{1,9}")

#: A segment's bytes where nobody tells: Ethernet's 1500 less the headers of IP and TCP with time stamps.
_SEGMENT = 1448

# struct tcp_info of linux/tcp.h, which only ever grows at its end: tcpi_snd_mss, tcpi_rtt (µs), tcpi_snd_cwnd (segments), and
# from Linux 4.9 on tcpi_delivery_rate (bytes a second). The bytes between them are passed over.
_INFO = struct.Struct("=16xI48xI8xI")
_DELIVERY_RATE = struct.Struct("=160xQ")


@blueprint.post("/check")
@operation("Whether the client can take part", Access.SIGNED_IN, body=EmptyBody, response=DeviceCheck)
def check(body):
    """The network is measured on the connection of this request; behind a proxy that does not tell of its client it is null."""
    device = {"available": True, "permission": "prompt"}
    latency, bandwidth = _network()
    return {"camera": device, "microphone": device, "network": {"latency": latency, "bandwidth": bandwidth}}


def _network():
    """(round trip in ms, Mbit/s), each None if it cannot be known."""
    if current_app.extensions["bemore"].trusted_proxies:
        # The socket leads to the proxy.
        return _told_by_proxy(request.environ)
    connection = request.environ.get("gunicorn.socket")
    if connection is None or not hasattr(socket, "TCP_INFO") or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return None, None
    return _measured(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256))


def _told_by_proxy(environ):
    rtt, window = (int(text) if _NUMBER.fullmatch(text) else 0 for text in (environ.get(name, "") for name in (_RTT, _WINDOW)))
    return _figures(rtt, window * _SEGMENT)


def _measured(info):
    if len(info) < _INFO.size:
        return None, None
    segment, rtt, window = _INFO.unpack_from(info)
    (rate,) = _DELIVERY_RATE.unpack_from(info) if len(info) >= _DELIVERY_RATE.size else (0,)
    return _figures(rtt, window * segment, rate)


def _figures(rtt_us, window_bytes, bytes_per_s=0):
    """Latency and bandwidth.

    A congestion window goes over in a round trip: so much the connection carries by what it has seen so far. The rate that was
    really delivered may be less, as answers are small; it counts where it is more.
    """
    if not rtt_us:
        return None, None
    carried = max(window_bytes * 1e6 / rtt_us, bytes_per_s)
    return round(rtt_us / 1000, 3), round(carried * 8 / 1e6, 3) if carried else None
