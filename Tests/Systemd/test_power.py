"""The machine itself goes down in the middle of a session."""

import pytest

from charger import Charger


@pytest.mark.parametrize("way", ["cut_power", "shut_down"])
def test_the_bill_ends_where_the_meter_stands(way):
    with Charger() as charger:
        charger.start()
        charger.wait("ocpp.link", "phase=accepted")
        start = charger.begin()
        getattr(charger.machine, way)()
        charger.machine.boot()
        # The kernel is that of the host and has not booted, so that its boot id does not tell; a simulated charger counts power cuts itself.
        charger.machine.run("sh", "-c", "echo 1 > /run/charger/simulated-power-cuts")
        charger.machine.run("systemctl", "start", "charger.target")
        charger.wait("ocpp.link", "phase=accepted")
        stop = charger.leave()
        charger.judge(1, start, stop, "PowerLoss" if way == "cut_power" else "Reboot")
