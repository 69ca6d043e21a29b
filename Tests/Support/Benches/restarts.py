"""What takes place around the start and the end of a process: the connection, the queue on disk, the way out."""

import ssl
import subprocess
import tempfile

from central import CentralSystem
from charger import SERVICES, Charger
from journals import many_transactions, one_transaction, write_journal
from rounds import NotHeard, figure, heard, pss

# Transactions that were charged while the central system was away.
OFFLINE_TRANSACTIONS = 20


def prompt(document):
    """A change of the configuration: comes back soon, and does not take an answer that is kept back for a dead connection."""
    document["centralSystem"] |= {"reconnectMinimumSeconds": 1, "reconnectMaximumSeconds": 1, "callTimeoutSeconds": 600}


def certified(folder):
    """An encryption with a certificate of its own, and the change of the configuration that trusts it."""
    key, roots = f"{folder}/key.pem", f"{folder}/roots.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", roots,
        ],
        check=True, capture_output=True,
    )
    encryption = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encryption.load_cert_chain(roots, key)

    def change(document):
        prompt(document)
        document["centralSystem"]["rootCertificates"] = roots

    return encryption, change


def connect(charger, again, found):
    """A fresh gateway connects, is hung up on at its BootNotification, and comes back `again` times."""
    central = charger.central
    since = charger.start("ocpp-gateway")
    for turn in range(again + 1):
        boot = heard(central.wait("BootNotification", since), "BootNotification")
        contact, since = central.contacts[-1], boot.at
        kind = "first" if turn == 0 else "resumed" if contact.resumed else "again"
        found.setdefault((kind, "upgrade"), []).append(contact.upgraded - contact.accepted)
        found.setdefault((kind, "boot"), []).append(boot.at - contact.accepted)


def measure_connection(clock, binaries, configuration, options, encryption, change):
    found, why = {}, None
    with Charger(binaries, configuration, central=CentralSystem(encryption, cpu=0), change=change, **options) as charger:
        charger.stop("ocpp-gateway")
        charger.central.hangs_up_at, charger.central.silent = "BootNotification", {"BootNotification"}
        try:
            for _ in clock.rounds(6, 2, seconds=7):
                connect(charger, clock.count(2, 1), found)
                charger.stop("ocpp-gateway")
        except NotHeard as problem:
            why = problem
    scheme = "wss" if encryption else "ws"
    names = {"first": "first of a process", "again": "again", "resumed": "again, session resumed"}
    for kind in ["first", "resumed"] if encryption else ["first", "again"]:
        figure(f"{scheme}, {names[kind]}: accept() to the request to upgrade", found.get((kind, "upgrade")), why)
        figure(f"{scheme}, {names[kind]}: accept() to BootNotification", found.get((kind, "boot")), why)
    if encryption and found.get(("again", "boot")):
        figure(f"{scheme}, again, session not resumed: accept() to BootNotification", found["again", "boot"])


def measure_plain(clock, binaries, configuration, options):
    measure_connection(clock, binaries, configuration, options, None, prompt)


def measure_encrypted(clock, binaries, configuration, options):
    with tempfile.TemporaryDirectory(prefix="charger-certificates.") as folder:
        try:
            encryption, change = certified(folder)
        except (OSError, subprocess.CalledProcessError, ssl.SSLError) as problem:
            return figure("wss", [], f"no certificate: {problem}")
        measure_connection(clock, binaries, configuration, options, encryption, change)


def restart_with(charger, records):
    """A fresh gateway with these records in its journal; returns when it was started."""
    if "ocpp-gateway" in charger.processes:
        charger.stop("ocpp-gateway")
    for rest in charger.journal.parent.glob("transactions.journal*"):
        rest.unlink()
    write_journal(charger.journal, records)
    return charger.start("ocpp-gateway")


def measure_queue(clock, binaries, configuration, options):
    with Charger(binaries, configuration, central=CentralSystem(cpu=0), change=prompt, **options) as charger:
        # What begins the queue is never answered, so that nothing leaves it.
        charger.central.silent = {"StartTransaction"}
        for count in (10, 1_000, 100_000):
            name, starts, latencies, why = f"{count} queued messages", [], [], None
            records = one_transaction(count)
            try:
                for _ in clock.rounds(3, 1, seconds=4):
                    begun = restart_with(charger, records)
                    starts.append(heard(charger.central.wait("BootNotification", begun, seconds=15), "BootNotification").at - begun)
                    heard(charger.central.wait("StartTransaction", begun), "StartTransaction")
                if starts:
                    latencies = charger.central.latencies(clock.count(1000, 200), seconds=5)
            except NotHeard as problem:
                why = problem
            figure(f"{name}: gateway exec to BootNotification", starts, why)
            figure(f"{name}: GetConfiguration", latencies, why)
            if latencies:
                print(f"  {'  PSS':<66} ocpp-gateway {pss(charger, 'ocpp-gateway')} KiB", flush=True)


def measure_flush(clock, binaries, configuration, options):
    # That of the last one, as `ended` makes it.
    found, why, meter = [], None, 2 * 2 * OFFLINE_TRANSACTIONS
    with Charger(binaries, configuration, central=CentralSystem(cpu=0), change=prompt, **options) as charger:
        central = charger.central
        try:
            for _ in clock.rounds(7, 3, seconds=8):
                begun = restart_with(charger, many_transactions(OFFLINE_TRANSACTIONS))
                heard(central.wait("BootNotification", begun), "BootNotification")
                last = central.wait("StopTransaction", begun, lambda payload: payload["meterStop"] == meter)
                found.append(heard(last, "the last StopTransaction").at - central.boot_answered)
        except NotHeard as problem:
            why = problem
    figure(f"BootNotification.conf to the last of {OFFLINE_TRANSACTIONS} offline StopTransactions", found, why, aim="60 ms")


def measure_ends(clock, binaries, configuration, options):
    found, why = {service: [] for service in SERVICES}, None
    with Charger(binaries, configuration, central=CentralSystem(cpu=0), change=prompt, **options) as charger:
        try:
            for _ in clock.rounds(5, 2, seconds=8):
                charger.central.silent = {"all"}
                for service in SERVICES:
                    found[service].append(charger.stop(service))
                charger.central.silent = set()
                begun = min(charger.start(service) for service in reversed(SERVICES))
                heard(charger.central.wait("BootNotification", begun), "BootNotification")
                charger.ctl("wait", "ocpp.connector.1", "status=Available", "--timeout", "10")
        except NotHeard as problem:
            why = problem
    for service in SERVICES:
        figure(f"SIGTERM to the end of {service}, the central system silent", found[service], why)
