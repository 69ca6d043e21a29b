"""A virtual machine with a kernel of its own (QEMU, emulated processor): Debian's, with simulated GPIO chips, I2C, USB gadgets, PPP and input devices.

It boots Debian with systemd as process 1. An agent in it does what the test asks. Nothing that it writes is kept; it dies with the process that made
it. What it boots from is made once and kept in `.build/systemd`, beside the containers' Debian.
"""

import fcntl
import hashlib
import io
import json
import os
import pathlib
import queue
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Systemd"))

from container import CACHE, PACKAGES as SYSTEM, base_system, dies_with_us  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 120.0  # seconds until a wait gives up; programs run several times slower than outside

# What is needed here to make and to run the machine, and what is in it.
NEEDED = ["qemu-system-x86", "busybox-static", "cpio", "e2fsprogs", "kmod", "xz-utils", "mmdebstrap"]
PACKAGES = [*SYSTEM, "dbus", "gpiod", "i2c-tools", "iproute2", "kmod", "ppp", "procps", "python3", "socat", "udev"]
MODULES = [
    "af_packet", "autofs4", "bsd_comp", "cdc_acm", "cdc_ether", "configfs", "dummy", "dummy_hcd", "evdev", "fuse", "gpio-sim", "i2c-dev", "i2c-stub",
    "libcomposite", "lm75", "ppp_async", "ppp_deflate", "ppp_synctty", "pwm-pca9685", "softdog", "ti-ads1015", "tun", "uhid", "uinput", "usb_f_acm",
    "usb_f_ecm", "usb_f_hid", "usbhid", "veth", "virtio-rng", "virtio_net",
]

UNIT = """[Unit]
Description=Carries out what the test asks for
After=multi-user.target
[Service]
ExecStart=/usr/lib/charger-test/agent.py
WorkingDirectory=/root
OOMScoreAdjust=-900
"""


def missing():
    """Why a machine cannot run here; None when it can."""
    if os.geteuid() != 0:
        return "needs root"
    lacking = [name for name in NEEDED if not installed(name)]
    if lacking:
        return f"needs the packages {' '.join(lacking)} (Tests/machine.sh installs them)"
    if subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip() != "amd64":
        return "the machine is made for amd64 only"
    try:
        image()
    except subprocess.SubprocessError as error:
        return f"needs a kernel and a Debian to boot, which could not be made: {error}"
    return None


def installed(package):
    shown = subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status}", package], capture_output=True, text=True)
    return shown.stdout == "installed"


def image():
    """The directory with what the machine boots from; made at the first call."""
    root = base_system(PACKAGES)
    inputs = [root.name, MODULES, (HERE / "image.sh").read_text(), (HERE / "initrd-init").read_text()]
    target = CACHE / f"machine-{hashlib.sha256(repr(inputs).encode()).hexdigest()[:12]}"
    with open(CACHE / "machine.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            partial = pathlib.Path(tempfile.mkdtemp(prefix="partial-machine-", dir=CACHE))
            try:
                subprocess.run(
                    [str(HERE / "image.sh"), str(root), str(partial), *MODULES], check=True, stdin=subprocess.DEVNULL, timeout=1800
                )
                partial.rename(target)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
    return target


class Started:
    """A program that goes on in the machine."""

    def __init__(self, machine, pid):
        self.machine = machine
        self.pid = pid
        self.lines = queue.Queue()
        self.seen = []
        self.status = None

    def line(self, patience=PATIENCE):
        """Its next line of output."""
        try:
            line = self.lines.get(timeout=patience)
        except queue.Empty:
            raise AssertionError(f"no line within {patience} s; so far: {self.seen}") from None
        assert line is not None, f"it ended with {self.status}; it had said: {self.seen}"
        self.seen.append(line)
        return line

    def until(self, condition, patience=PATIENCE):
        """Its lines up to the first that fulfils `condition`."""
        end = time.monotonic() + patience
        lines = [self.line(patience)]
        while not condition(lines[-1]):
            lines.append(self.line(max(end - time.monotonic(), 0.01)))
        return lines

    def tell(self, text):
        self.machine.ask({"tell": self.pid, "text": text})

    def signal(self, name):
        self.machine.ask({"signal": self.pid, "name": name})

    def wait(self, patience=PATIENCE):
        end = time.monotonic() + patience
        while (line := self.lines.get(timeout=max(end - time.monotonic(), 0.01))) is not None:
            self.seen.append(line)
        return self.status


class Machine:
    """One virtual machine; booted when it is made."""

    def __init__(self, files=lambda add: None, processors=2, memory=1024, serial=(), network=False):
        """`files`: called with a function (path, bytes or file, mode) to put things into the machine before it boots.

        `serial`: paths of terminals here, each of which is the other end of a serial port there: `/dev/ttyS1` and so on; three at most.
        `network`: whether it reaches what listens on 127.0.0.1 here, as 10.0.2.2.
        """
        boot = image()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="charger-vm-"))
        self.answers = {}
        self.started = {}
        self.next_id = 0
        self.ready = threading.Event()
        self.changed = threading.Condition()
        self.pack(files)
        # On a busy host the emulated timer sometimes does not tick at the start, and the kernel waits for it for ever.
        for patience in (PATIENCE / 2, PATIENCE, 2 * PATIENCE):
            self.power_on(boot, processors, memory, serial, network)
            end = time.monotonic() + patience
            while not self.ready.wait(0.2) and self.qemu.poll() is None and time.monotonic() < end:
                pass
            if self.ready.is_set():
                return self.join_network() if network else None
            self.power_off()
        console = self.console()
        shutil.rmtree(self.work, ignore_errors=True)
        raise AssertionError(f"the machine did not boot:\n{console[-3000:]}")

    def join_network(self):
        self.run("sh", "-c", "for link in /sys/class/net/e*; do ip address add 10.0.2.15/24 dev ${link##*/}; ip link set ${link##*/} up; done")

    def power_on(self, boot, processors, memory, serial, network):
        (self.work / "agent").unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.work / "agent"))
        listener.listen(1)
        ports = []
        for number, path in enumerate(serial):
            ports += ["-chardev", f"serial,id=port{number},path={path}", "-device", f"pci-serial,chardev=port{number}"]
        if network:
            ports += ["-netdev", "user,id=network", "-device", "virtio-net-pci,netdev=network,romfile="]
        # `no_timer_check`: on a busy host the kernel takes a late timer for a broken one. The machine type microvm finds no clock to go by on an
        # emulated processor, and mostly hangs.
        self.qemu = subprocess.Popen(
            dies_with_us(
                "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", str(processors), "-m", str(memory),
                "-kernel", str(boot / "kernel"), "-initrd", str(boot / "initrd"),
                "-append", "console=ttyS0 panic=-1 quiet no_timer_check mitigations=off nokaslr random.trust_cpu=on systemd.show_status=no",
                "-drive", f"if=none,id=root,format=raw,readonly=on,file={boot / 'root.img'}", "-device", "virtio-blk-pci,drive=root",
                "-drive", f"if=none,id=files,format=raw,readonly=on,file={self.work / 'files.tar'}", "-device", "virtio-blk-pci,drive=files",
                "-chardev", f"file,id=console,path={self.work / 'console'}", "-serial", "chardev:console",
                "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=agent,path={self.work / 'agent'}", "-device", "virtserialport,chardev=agent,name=charger.agent",
                *ports,
            ),
            stdin=subprocess.DEVNULL,
        )
        listener.settimeout(PATIENCE)
        self.link, _ = listener.accept()
        listener.close()
        threading.Thread(target=self.listen, daemon=True).start()

    def power_off(self):
        self.qemu.kill()
        self.qemu.wait()
        self.link.close()

    def pack(self, files):
        with tarfile.open(self.work / "files.tar", "w", format=tarfile.GNU_FORMAT) as archive:

            def add(path, content, mode=0o644):
                data = content.encode() if isinstance(content, str) else content
                entry = tarfile.TarInfo(path.lstrip("/"))
                if isinstance(data, pathlib.Path):
                    entry = archive.gettarinfo(str(data), path.lstrip("/"))
                    entry.mode = mode
                    entry.uid = entry.gid = 0
                    with open(data, "rb") as source:
                        archive.addfile(entry, source)
                    return
                entry.size, entry.mode = len(data), mode
                archive.addfile(entry, io.BytesIO(data))

            add("etc/hostname", "charger\n")
            add("etc/systemd/system/charger-test-agent.service", UNIT)
            add("etc/systemd/system/multi-user.target.d/agent.conf", "[Unit]\nWants=charger-test-agent.service\n")
            add("usr/lib/charger-test/agent.py", (HERE / "agent.py").read_bytes(), 0o755)
            files(add)

    def console(self):
        path = self.work / "console"
        return path.read_text(errors="replace") if path.exists() else ""

    def listen(self):
        for line in self.link.makefile("rb"):
            message = json.loads(line)
            if "ready" in message:
                self.ready.set()
            elif "from" in message:
                program = self.program(message["from"])
                if "line" in message:
                    program.lines.put(message["line"])
                else:
                    program.status = message["ended"]
                    program.lines.put(None)
            else:
                with self.changed:
                    self.answers[message["id"]] = message
                    self.changed.notify_all()

    def program(self, pid):
        with self.changed:
            return self.started.setdefault(pid, Started(self, pid))

    def ask(self, request, patience=PATIENCE):
        with self.changed:
            self.next_id += 1
            id = self.next_id
            self.link.sendall(json.dumps({**request, "id": id}).encode() + b"\n")
            assert self.changed.wait_for(lambda: id in self.answers, patience), f"no answer within {patience} s to {request}"
            return self.answers.pop(id)

    def run(self, *argv, check=True, text="", patience=PATIENCE):
        """Runs a program to its end; its standard output, without the space around it."""
        done = self.ask({"run": [str(word) for word in argv], "input": text}, patience)
        assert not check or done["status"] == 0, f"{' '.join(map(str, argv))}: {done['status']}\n{done['stdout']}{done['stderr']}"
        return done["stdout"].strip()

    def start(self, *argv):
        """Starts a program that goes on."""
        return self.program(self.ask({"start": [str(word) for word in argv]})["pid"])

    def read(self, path):
        return self.run("cat", path)

    def write(self, path, text):
        self.run("sh", "-c", 'cat > "$1"', "sh", path, text=text)

    def until(self, condition, what, patience=PATIENCE):
        """Waits for what the machine offers no event for, and returns what came."""
        end = time.monotonic() + patience
        while not (value := condition()):
            assert time.monotonic() < end, f"it never came true that {what}"
            time.sleep(0.05)
        return value

    def unbind(self, device):
        """Takes a device away from its driver, as when it is pulled; returns what gives it back."""
        driver = self.run("readlink", "-f", f"{device}/driver")
        name = self.run("readlink", "-f", device).rsplit("/", 1)[1]
        self.write(f"{driver}/unbind", name)
        return lambda: self.write(f"{driver}/bind", name)

    def close(self):
        self.power_off()
        shutil.rmtree(self.work, ignore_errors=True)


class SimulatedChip:
    """A GPIO chip of the kernel's `gpio-sim`: pulls drive its inputs, values are read at its outputs."""

    def __init__(self, machine, label, lines, names=()):
        self.machine = machine
        self.folder = f"/sys/kernel/config/gpio-sim/{label}"
        bank = f"{self.folder}/bank0"
        machine.run("sh", "-c", "mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config; modprobe gpio-sim")
        machine.run("mkdir", "-p", bank, *(f"{bank}/line{offset}" for offset in range(len(names))))
        machine.write(f"{bank}/label", label)
        machine.write(f"{bank}/num_lines", str(lines))
        for offset, name in enumerate(names):
            machine.write(f"{bank}/line{offset}/name", name)
        self.plug()

    def plug(self):
        self.machine.write(f"{self.folder}/live", "1")
        self.chip = self.machine.read(f"{self.folder}/bank0/chip_name")
        self.device = self.machine.read(f"{self.folder}/dev_name")
        self.lines = f"/sys/devices/platform/{self.device}/{self.chip}"
        self.machine.until(lambda: self.machine.run("sh", "-c", f"test -c /dev/{self.chip} && echo y", check=False), "the chip is there")

    def unplug(self):
        """The chip goes, as when its driver is unbound, whoever has its lines."""
        self.machine.write(f"{self.folder}/live", "0")

    def drive(self, offset, level):
        self.machine.write(f"{self.lines}/sim_gpio{offset}/pull", "pull-up" if level else "pull-down")

    def level(self, offset):
        return int(self.machine.read(f"{self.lines}/sim_gpio{offset}/value"))
