"""A throwaway Debian in which systemd is process 1, with a network of its own and its root in memory (systemd-nspawn).

A small holder process keeps the file system and the network between boots, so that power can be cut and come back. Everything dies with the
process that made it. Debian's packages are fetched once and kept in `.build/systemd`.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

PACKAGES = ["systemd", "systemd-sysv", "libzmq5", "libssl3"]
CACHE = pathlib.Path(".build/systemd").resolve()
PATIENCE = 60.0  # seconds until a wait gives up
REBOOT = 133  # with which systemd-nspawn leaves it to us to boot the machine again

# Parts of Debian that only cost time in a machine without hardware and name servers.
IDLE_UNITS = [
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer", "console-getty.service",
    "getty@tty1.service", "systemd-networkd.service", "systemd-resolved.service", "systemd-random-seed.service",
    "systemd-update-utmp.service",
]


def missing():
    """Why a container cannot run here; None when it can."""
    if os.geteuid() != 0:
        return "needs root"
    tools = [tool for tool in ("systemd-nspawn", "mmdebstrap", "nsenter", "unshare", "setpriv", "ip") if not shutil.which(tool)]
    if tools:
        return f"needs {', '.join(tools)} (packages systemd-container, mmdebstrap, util-linux, iproute2)"
    if not unified_hierarchy():
        return "needs a cgroup2 file system"
    try:
        base_system()
    except subprocess.SubprocessError as error:
        return f"needs a Debian to boot, and mmdebstrap could not make one: {error}"
    return None


def mounts():
    """Mount point, type and options of each."""
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, point, kind, options, *_ = line.split()
        yield point, kind, options.split(",")


def unified_hierarchy():
    return next((point for point, kind, _ in mounts() if kind == "cgroup2"), None)


def base_system(packages=PACKAGES):
    """The directory of a Debian with these packages; made at the first call."""
    suite = dict(
        line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line
    ).get("VERSION_CODENAME", "bookworm")
    key = hashlib.sha256(repr((suite, packages, IDLE_UNITS)).encode()).hexdigest()[:12]
    target = CACHE / f"debian-{key}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        # One at a time; what is left of a broken build goes.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            for left in CACHE.glob("partial-*"):
                shutil.rmtree(left)
            build(suite, packages, target)
    return target


def build(suite, packages, target):
    partial = pathlib.Path(tempfile.mkdtemp(prefix="partial-", dir=CACHE))
    partial.chmod(0o755)
    settings = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True).stdout
    options = [f"--aptopt={line}" for line in settings.splitlines() if line.startswith(("Acquire::http", "Acquire::https"))]
    subprocess.run(
        ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(packages)}", *options,
         "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*", suite, str(partial)],
        check=True, stdin=subprocess.DEVNULL, timeout=900,
    )
    for unit in IDLE_UNITS:
        link = partial / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    (partial / "etc/machine-id").write_text("")
    partial.rename(target)


def dies_with_us(*command):
    return ["setpriv", "--pdeathsig", "KILL", "--", *command]


class Container:
    """One machine: boots, runs commands, loses power, boots again."""

    def __init__(self, files):
        """`files`: called with the root directory before the first boot, to put things there."""
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="charger-machine-"))
        self.machine = None
        self.leader = None
        script = f"""
            set -e
            mount -t tmpfs -o mode=755 tmpfs {self.work}
            mount -t tmpfs tmpfs /run
            mkdir {self.work}/upper {self.work}/work {self.work}/root
            touch {self.work}/network
            mount --bind /proc/self/ns/net {self.work}/network
            mount -t overlay -o lowerdir={base_system()},upperdir={self.work}/upper,workdir={self.work}/work overlay {self.work}/root
            ip link set lo up
            echo ready
            exec sleep infinity
        """
        self.holder = subprocess.Popen(
            dies_with_us("unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", script),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )
        assert self.holder.stdout.readline() == "ready\n", "the machine's file system could not be made"
        self.root = pathlib.Path(f"/proc/{self.holder.pid}/root{self.work}/root")
        self.groups = [pathlib.Path(point) / self.work.name for point in self.hierarchies()]
        files(self.root)

    @staticmethod
    def hierarchies():
        """Where systemd keeps track of processes: cgroup2, and beside it the old hierarchy of that name where there is one."""
        return [point for point, kind, options in mounts() if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options)]

    # MARK: - Power

    def boot(self):
        """Boots and waits until everything that is wanted at boot was started."""
        for group in self.groups:
            group.mkdir(exist_ok=True)

        def join():
            for group in self.groups:
                (group / "cgroup.procs").write_text("0")

        with open(self.console, "ab") as console:
            self.machine = subprocess.Popen(
                dies_with_us(
                    "nsenter", f"--target={self.holder.pid}", "--mount",
                    # So that nothing in it outlives it.
                    "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "systemd-nspawn", f"--directory={self.work}/root", "--boot", "--machine=charger", "--register=no", "--keep-unit",
                    # IPAddressDeny=, SocketBindDeny= and DeviceAllow= are programs for the kernel.
                    "--system-call-filter=bpf", f"--network-namespace-path={self.work}/network",
                    "--capability=CAP_NET_ADMIN", "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=read-only",
                ),
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}, preexec_fn=join,
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            )
        self.leader = self.until(self.find_leader, "the machine has a process 1")
        self.until(lambda: self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip() in ("running", "degraded"),
                   "the machine has booted")
        failed = self.run("systemctl", "list-units", "--failed", "--plain", "--no-legend", check=False).stdout
        assert not failed, f"units failed at boot:\n{failed}"
        return self

    @property
    def console(self):
        return pathlib.Path(f"{self.work}.console")

    def find_leader(self):
        assert self.machine.poll() is None, f"systemd-nspawn ended: {self.console.read_text(errors='replace')[-2000:]}"
        below = [self.machine.pid]
        while below:
            process = pathlib.Path(f"/proc/{below.pop()}")
            with contextlib.suppress(OSError):
                if (process / "comm").read_text() == "systemd\n" and "\t1\n" in (process / "status").read_text().partition("NSpid:")[2]:
                    return int(process.name)
                below += [int(child) for child in (process / "task" / process.name / "children").read_text().split()]
        return None

    def cut_power(self):
        """Everything in it ends at once; the file system is what the kernel had."""
        self.machine.kill()
        self.machine.wait()
        self.leader = None

    def await_boot(self):
        """Waits until the machine ends to boot again, and boots it."""
        assert self.machine.wait(PATIENCE) == REBOOT
        self.leader = None
        self.boot()

    def shut_down(self):
        """As `poweroff` does it."""
        self.run("systemctl", "poweroff", check=False)
        self.machine.wait(PATIENCE)
        self.leader = None

    def close(self):
        for process in (self.machine, self.holder):
            if process:
                process.kill()
                process.wait()
        self.holder.stdout.close()
        for group in self.groups:
            with contextlib.suppress(OSError):
                (group / "cgroup.kill").write_text("1")
            self.until(lambda: self.remove(group), f"{group} is empty")
        self.work.rmdir()
        self.console.unlink(missing_ok=True)

    @staticmethod
    def remove(group):
        for directory, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(directory)
        return not group.exists()

    # MARK: - Inside

    def command(self, *arguments, user=None, groups=()):
        """What to run on the host so that it runs in the machine; as root, or as a user with those groups alone."""
        identity = []
        if user:
            # No shell and no session: exactly these groups.
            identity = ["setpriv", f"--reuid={user}", f"--regid={user}", f"--groups={','.join(groups)}" if groups else "--clear-groups", "--"]
        enter = ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"]
        return [*enter, "--", *identity, *map(str, arguments)]

    def run(self, *arguments, check=True, user=None, groups=(), text=None, timeout=PATIENCE):
        result = subprocess.run(
            self.command(*arguments, user=user, groups=groups), capture_output=True, text=True, timeout=timeout,
            **({"input": text} if text is not None else {"stdin": subprocess.DEVNULL}),
        )
        assert not check or result.returncode == 0, (
            f"{' '.join(map(str, arguments))}: exit status {result.returncode}\n{result.stdout}{result.stderr}"
        )
        return result

    def read(self, *arguments, **options):
        """The standard output of a command, without the space around it."""
        return self.run(*arguments, **options).stdout.strip()

    def on_its_network(self, *arguments):
        """What to run so that a program of the host has the machine's network; it goes on over boots."""
        return dies_with_us("nsenter", f"--target={self.holder.pid}", "--net", "--", *map(str, arguments))

    # MARK: - Units

    def property(self, unit, name):
        return self.read("systemctl", "show", "--value", f"--property={name}", unit)

    def pid(self, service):
        """Of the main process, as the machine numbers it; 0 while there is none."""
        return int(self.property(service, "MainPID") or 0)

    def signal(self, service, number):
        self.kill(self.pid(service), number)

    def kill(self, pid, number):
        """Sends a signal to a process, as the machine numbers it."""
        self.run("sh", "-c", 'kill "-$1" "$2"', "sh", signal.Signals(number).name[3:], pid)

    def journal(self, *arguments):
        self.run("journalctl", "--sync", check=False)
        return self.read("journalctl", "--no-pager", "--quiet", "--output=short-monotonic", *arguments, check=False)

    @staticmethod
    def until(condition, what, patience=PATIENCE):
        """Waits for what the machine offers no event for, and returns what came."""
        end = time.monotonic() + patience
        while not (value := condition()):
            assert time.monotonic() < end, f"it never came true that {what}"
            time.sleep(0.05)
        return value
