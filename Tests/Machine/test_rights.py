"""What the unit of hardware-io and the rules of udev let it do with a PWM: files of sysfs, which belong to root and are read-only under the unit."""

import pathlib

import pytest

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy/systemd"


@pytest.fixture(scope="module")
def chip(board):
    """The folder of a PWM chip, found by udev with the shipped rules."""
    board.run("groupadd", "--force", "charger-hardware")
    board.write("/etc/udev/rules.d/70-charger.rules", (DEPLOY / "charger.udev").read_text())
    board.run("udevadm", "control", "--reload")
    board.run("modprobe", "-a", "i2c-dev", "pwm-pca9685")
    board.run("modprobe", "i2c-stub", "chip_addr=0x40")
    bus = board.run("sh", "-c", "grep -l 'SMBus stub' /sys/bus/i2c/devices/i2c-*/name").rsplit("-", 1)[1].removesuffix("/name")
    for register, value in [(0xFE, 0x1E), (0x09, 0x10)]:
        board.run("i2cset", "-y", bus, 0x40, register, value)
    board.write(f"/sys/bus/i2c/devices/i2c-{bus}/new_device", "pca9685 0x40")
    found = board.run("sh", "-c", f"readlink -f /sys/bus/i2c/devices/{bus}-0040/pwm/pwmchip*")
    board.run("udevadm", "settle")
    yield found
    board.write(f"/sys/bus/i2c/devices/i2c-{bus}/delete_device", "0x40")
    board.run("rmmod", "i2c-stub")


def write(board, chip, attribute, text, *properties):
    """As a program of the unit would: its user's group, and `/sys` as the unit has it."""
    return board.run(
        "systemd-run", "--wait", "--quiet", "--pipe", "-p", "User=nobody", "-p", "Group=charger-hardware", "-p", "ProtectKernelTunables=yes",
        *[word for each in properties for word in ("-p", each)], "sh", "-c", f"echo {text} > {chip}/{attribute} && echo done || true",
    )


def test_the_drop_in_and_the_rule_of_udev_let_a_pwm_be_used_and_without_the_drop_in_it_is_not(board, chip):
    assert write(board, chip, "export", "0") == ""
    drop_in = f"ReadWritePaths={chip}"
    assert write(board, chip, "export", "0", drop_in) == "done"
    board.run("udevadm", "settle")
    for attribute, text in [("pwm0/period", "1000000"), ("pwm0/duty_cycle", "266000"), ("pwm0/enable", "1")]:
        assert write(board, chip, attribute, text, drop_in) == "done", attribute
    assert board.read(f"{chip}/pwm0/duty_cycle") == "266000"
