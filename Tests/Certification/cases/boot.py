"""Switching on: registration, the first statuses, heartbeats (OCPP 1.6 §4.2, §4.6)."""

from case import boot, case, heartbeat, status
from central_system import now


def registrations(*statuses, interval):
    """Answers BootNotification with these statuses in turn, the last of them for ever."""
    remaining = list(statuses)
    return lambda _: {
        "currentTime": now(),
        "interval": interval,
        "status": remaining.pop(0) if len(remaining) > 1 else remaining[0],
    }


def expect_heartbeats(lab, accepted, interval):
    """Three in a row, each an interval of silence after the one before."""
    lab.background.clear()
    beats = [lab.expect(heartbeat(), within=interval + lab.lateness + 5) for _ in range(3)]
    lab.check_rhythm([accepted.at, *(beat.at for beat in beats)], interval, "Heartbeats")


def expect_boot_again(lab, first, retry):
    """Another attempt, `retry` seconds after the first one and not before."""
    again = lab.expect(boot(), within=retry + lab.lateness + 5)
    # A first one that was held up makes the time look shorter.
    early = lab.seconds(0.1, 1)
    lab.check(-early <= again.at - first.at - retry <= lab.lateness + 0.5, f"asked again after {again.at - first.at:.2f} s, expected {retry}")


# Shows: CORE-BOOT-01, CORE-BOOT-06, CORE-BOOT-08, CORE-BOOT-15, CORE-HB-01
@case("TC_001", "Cold boot charge point", boots=False)
def cold_boot(lab):
    retry, interval = lab.seconds(30, 2), lab.seconds(10, 2)
    rejecting = registrations("Rejected", interval=retry)
    accepting = registrations("Accepted", interval=interval)
    attempts = []
    lab.answer("BootNotification", lambda payload: (attempts.append(1), (accepting if attempts[1:] else rejecting)(payload))[1])
    lab.background.clear()
    lab.switch_on({})
    first = lab.expect(boot(chargePointVendor=bool, chargePointModel=bool))
    expect_boot_again(lab, first, retry)
    statuses = lab.expect(status("Available", 0), status("Available", 1))
    expect_heartbeats(lab, max(statuses, key=lambda one: one.at), interval)


# Shows: CORE-BOOT-11, CORE-BOOT-12, CORE-BOOT-14, CORE-HB-07
@case("TC_002", "Cold boot charge point – Pending", boots=False)
def pending(lab):
    retry, interval = lab.seconds(30, 3), lab.seconds(10, 2)
    attempts = []

    def answer(_):
        attempts.append(1)
        state = "Accepted" if attempts[1:] else "Pending"
        return {"currentTime": now(), "interval": interval if attempts[1:] else retry, "status": state}

    lab.answer("BootNotification", answer)
    lab.background.clear()
    lab.switch_on({})
    first = lab.expect(boot())
    lab.get()
    lab.set(MeterValueSampleInterval=lab.seconds(60, 60))
    expect_boot_again(lab, first, retry)
    statuses = lab.expect(status("Available", 0), status("Available", 1))
    expect_heartbeats(lab, max(statuses, key=lambda one: one.at), interval)
