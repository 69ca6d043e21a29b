"""Two network namespaces, that of a charger and the one of its network, and the charger's programs in the former."""

import contextlib
import os
import signal
import subprocess

from stack import Stack

HERE, THERE = f"charger-{os.getpid()}", f"network-{os.getpid()}"


def ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=check)


def may_make_namespaces():
    with contextlib.suppress(OSError):
        made = ip("netns", "add", f"probe-{os.getpid()}", check=False)
        pair = ip("-n", f"probe-{os.getpid()}", "link", "add", "wwan0", "type", "veth", "peer", "name", "far", check=False)
        ip("netns", "del", f"probe-{os.getpid()}", check=False)
        return made.returncode == 0 and pair.returncode == 0
    return False


def add_namespaces():
    for name in (HERE, THERE):
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")


def remove_namespaces():
    """With what runs in them still: a DHCP client outlives the service that started it."""
    for name in (HERE, THERE):
        for pid in ip("netns", "pids", name, check=False).stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        ip("netns", "del", name, check=False)


class StackInNamespace(Stack):
    def arguments(self, service):
        return ["ip", "netns", "exec", HERE, *super().arguments(service)]


def uplink(stack):
    return stack.ctl("state", "uplink.state", "--json")[0]["payload"]["uplinks"][0]
