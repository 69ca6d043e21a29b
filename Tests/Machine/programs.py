"""What runs in the machine: the charger's programs, and those that play its surroundings."""

import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
BINARIES = pathlib.Path(os.environ.get("CHARGER_BINARIES", ".build/debug")).resolve()


def files(add):
    """Puts the charger's programs, and what runs beside them, into a machine."""
    from charger import runtime_libraries

    services = ["hardware-io", "ocpp-gateway", "config-store", "modem-manager"]
    for program in services + ["chargectl", "gpio-probe", "central-system", "modem-simulator"]:
        add(f"usr/lib/charger/{program}", BINARIES / program, 0o755)
    for name in ["contactor.py", "parts.py", "keyboard.py", "nameserver.py"]:
        add(f"usr/lib/charger-test/{name}", (HERE / name).read_bytes(), 0o755)
    add("usr/lib/charger-test/busybox", pathlib.Path("/bin/busybox").resolve(), 0o755)
    for library in runtime_libraries(BINARIES / "ocpp-gateway"):
        add(f"usr/lib/{library.name}", library)
