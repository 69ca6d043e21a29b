"""The central system of the PyPI package `ocpp-csms` as a process of its own, which a test steers line by line.

The command that the package brings prints events; requests, TLS and the messages as they are on the wire are only for who embeds its class
`CentralSystem`, as its README says. Standard input takes {"identity", "action", "payload"}; standard output gives {"port"}, {"event", …},
{"direction", "frame"} and {"answer"} or {"failure"}. It ends with its standard input."""

import argparse
import asyncio
import dataclasses
import json
import logging
import ssl
import sys

from ocpp.v16 import call
from ocpp_csms import AvailabilityType, CentralSystem, Configuration, CsmsError, ResetType


def say(**line):
    """One line; what JSON has not, a time for example, as text."""
    print(json.dumps(line, default=str), flush=True)


class Frames(logging.Handler):
    """Its logger of messages has each of them as it is on the wire."""

    def emit(self, record):
        if record.msg in ("%s: receive message %s", "%s: send %s"):
            say(direction="received" if "receive" in record.msg else "sent", frame=record.args[1])


async def ask(station, action, payload):
    """The request by the method that the package has for it; the answer as the members of its confirmation."""
    if action == "GetConfiguration":
        result = await station.async_get_configuration(payload.get("key"))
    elif action == "ChangeConfiguration":
        result = await station.async_change_configuration(**payload)
    elif action == "ChangeAvailability":
        result = await station.async_change_availability(payload["connector_id"], AvailabilityType(payload["type"]))
    elif action == "RemoteStartTransaction":
        result = await station.async_remote_start_transaction(**payload)
    elif action == "RemoteStopTransaction":
        result = await station.async_remote_stop_transaction(**payload)
    elif action == "Reset":
        result = await station.async_reset(ResetType(payload["type"]))
    elif action == "UnlockConnector":
        result = await station.async_unlock_connector(**payload)
    elif action == "DataTransfer":
        result = (await station.async_data_transfer(**payload))._asdict()
    else:
        result = dataclasses.asdict(await station.async_call(getattr(call, action)(**payload)))
    if isinstance(result, Configuration):
        keys = [dataclasses.asdict(value) for value in result.values.values()]
        return {"configuration_key": keys, "unknown_key": list(result.unknown_keys)}
    return {"status": result} if isinstance(result, str) else result


async def serve(port, certificate, key):
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with CentralSystem(host="127.0.0.1", port=port, ssl_context=context) as central_system:
        central_system.add_listener(lambda event: say(event=type(event).__name__, **dataclasses.asdict(event)))
        say(port=central_system.port)
        while line := await lines.readline():
            question = json.loads(line)
            try:
                station = central_system.charge_points[question["identity"]]
                say(answer=await ask(station, question["action"], question["payload"]))
            except CsmsError as error:
                say(failure=str(error))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    arguments = parser.parse_args()
    wire = logging.getLogger("ocpp_csms.wire")
    wire.setLevel(logging.DEBUG)
    wire.addHandler(Frames())
    wire.propagate = False
    asyncio.run(serve(arguments.port, arguments.certificate, arguments.key))


if __name__ == "__main__":
    main()
