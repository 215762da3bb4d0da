"""Whether a client can take part in a session."""

from typing import Annotated, Literal

from bemore.schemas.response import Response, doc, word


class Device(Response):
    """A device of the client, which only its browser knows."""

    available: Annotated[bool, doc("Whether it can be used, as far as the service knows")]
    permission: Annotated[Literal["prompt"], word("The browser has to ask")]


class Network(Response):
    """The connection as the system measures it (TCP_INFO)."""

    latency: Annotated[float | None, doc("Smoothed round trip in milliseconds", null="if unknown", minimum=0)]
    bandwidth: Annotated[float | None, doc("What the connection carries to the client at least, in Mbit/s", null="if unknown", minimum=0)]


class DeviceCheck(Response):
    """What the service can tell of the client's devices and of the connection to it."""

    camera: Device
    microphone: Device
    network: Network
