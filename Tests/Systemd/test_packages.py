"""The Debian packages on a bare Debian: installed, used by the guide alone, upgraded and downgraded while a car charges, removed."""

import io
import json
import pathlib
import re
import shutil
import signal
import subprocess
import tarfile

import pytest

from charger import BINARIES, CONFIGURATION, PORT, SERVICES, Charger, install_packages

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "package.sh"
CONFIGURATIONS = PACKAGING.parent / "config"
VERSIONS = {"first": "0.1.0", "second": "0.1.0+second"}


def build(folder, version):
    result = subprocess.run(
        [PACKAGING, "--binaries", BINARIES, "--output", folder, "--version", version, "--unchecked"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    if not shutil.which("dh"):
        pytest.skip("needs the packages debhelper and lintian")
    folder = tmp_path_factory.mktemp("packages")
    for name, version in VERSIONS.items():
        build(folder / name, version)
    return folder


def test_every_file_of_the_configuration_is_shipped(packages, tmp_path):
    for package in sorted((packages / "first").glob("charger-*.deb")):
        subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    places = {
        "wallbox.json": "etc/charger/charger.json", "charger.schema.json": "usr/share/charger/charger.schema.json",
        **{path.name: f"usr/share/charger/boards/{path.name}" for path in CONFIGURATIONS.glob("board-*.json")},
    }
    files = sorted(CONFIGURATIONS.glob("*.json"))
    assert files
    for path in files:
        shipped = tmp_path / places.get(path.name, f"usr/share/charger/examples/{path.name}")
        assert shipped.is_file(), f"{path.name} is in no package"
        assert shipped.read_bytes() == path.read_bytes(), path.name


@pytest.fixture(scope="module")
def bare(packages):
    """A Debian that has nothing of ours but the packages in /srv."""

    def put(root):
        for name in VERSIONS:
            (root / "srv" / name).mkdir(parents=True)
            for package in (packages / name).glob("*.deb"):
                shutil.copy(package, root / "srv" / name / package.name)

    with Charger(put=put) as charger:
        yield charger.boot()


def install(charger, *patterns):
    """As the guide has it, with nothing but these files."""
    return install_packages(charger.machine, *(f"/srv/{pattern}" for pattern in patterns))


def mapped_releases(charger):
    """The object of shared modules that the process of each service has mapped."""
    maps = {service: charger.machine.read("cat", f"/proc/{charger.machine.pid(service)}/maps") for service in SERVICES}
    return {service: set(re.findall(r"/usr/lib/charger/(shared-\S+)/", text)) for service, text in maps.items()}


def pids(charger):
    return {service: charger.machine.pid(service) for service in SERVICES}


def packed(package, part):
    """The files of a package by their paths, or its scripts by their names: the text of each; None for what is no text."""
    archive = subprocess.run(["dpkg-deb", f"--{part}-tarfile", package], capture_output=True, check=True).stdout
    texts = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member).read() if member.isfile() else b"\0"
            texts[member.name.lstrip(".").rstrip("/")] = None if b"\0" in content else content.decode(errors="replace")
    return texts


# What a text may name: a file, a unit, or a file of settings by its last name alone.
PLACE = re.compile(r"(?<![\w.%*-])(?:file://)?(/(?:usr|lib|bin|sbin|etc)/[\w./@-]*[\w@-])")
UNIT = re.compile(r"[\w@-]+\.(?:service|socket|target|path)\b")
SETTINGS = re.compile(r"(?<![\w/.-])[\w-]+\.conf\b")
# Of a board, or of the site: put there by hand.
OTHERS = {"/etc/credstore/charger.AuthorizationKey", "/etc/polkit-1/rules.d"}


def test_what_units_and_scripts_name_is_shipped(packages, bare):
    shipped, speaking = {}, {}
    for package in sorted((packages / "first").glob("*.deb")):
        files = packed(package, "fsys")
        shipped |= files
        speaking |= {path: text for path, text in files.items() if text and re.search(r"systemd|\.d/|/charger-reboot$", path) and "/doc/" not in path}
        speaking |= {f"{package.name}: {name}": text for name, text in packed(package, "ctrl").items() if text and not name.endswith("md5sums")}
    assert len([path for path in speaking if path.endswith((".service", ".socket"))]) == 20, sorted(speaking)
    last = {path.rpartition("/")[2] for path in shipped}
    missing = set()
    for path, text in speaking.items():
        text = text.replace("%i", "hardware-io").replace("\\\n", " ")
        names = {name for name in PLACE.findall(text) if name not in shipped and name not in OTHERS}
        # A unit of ours, or one that the machine has; that of a template stands for all of it.
        names |= {name for name in UNIT.findall(text) if name not in last and re.sub("@.*\\.", "@.", name) not in last}
        names |= {name for name in SETTINGS.findall(text) if name not in last}
        # What these two are told is a file of their own folder, whatever else has that name.
        told = re.findall(r"systemd-(tmpfiles|sysusers)\b(.*)", text)
        places = {f"/usr/lib/{kind}.d/{name}" for kind, words in told for name in SETTINGS.findall(words)}
        names |= {place for place in places if place not in shipped}
        missing |= {(path, name) for name in names}
    search = "/ /usr/lib/systemd/system/ /etc/systemd/ /usr/lib/tmpfiles.d/ /usr/lib/sysusers.d/"
    script = f'for name; do for folder in {search}; do [ ! -e "$folder$name" ] || continue 2; done; echo "$name"; done'
    nowhere = set(bare.machine.read("sh", "-c", script, "sh", *sorted({name for _, name in missing})).split())
    assert not [each for each in sorted(missing) if each[1] in nowhere]


# The other tests of this file are one story, in this order.


def test_the_first_ten_minutes_by_the_guide(bare, report):
    machine = bare.machine
    install(bare, "first/*.deb")
    assert all(machine.property(service, "ActiveState") == "active" for service in SERVICES)
    status = machine.run("chargectl", "status", check=False)
    assert status.returncode == 1 and "centralSystem.url" in status.stdout, status
    # One who may listen and ask, and is no administrator.
    machine.run("useradd", "--groups", "charger-tap,charger-control", "anna")
    anna = {"user": "anna", "groups": ("charger-tap", "charger-control")}
    text = machine.read("cat", "/etc/charger/charger.json")
    document = json.loads(text) | {"centralSystem": {"url": f"ws://127.0.0.1:{PORT}/ocpp", "identity": "CP1"}}
    wrong = json.dumps(document | {"conectors": []})
    machine.run("tee", "/etc/charger/charger.json", text=wrong)
    check = machine.run("chargectl", "config", "check", "/etc/charger/charger.json", check=False)
    assert check.returncode == 78 and "connectors" in check.stdout + check.stderr, check
    machine.run("tee", "/etc/charger/charger.json", text=json.dumps(document))
    machine.run("chargectl", "config", "check", "/etc/charger/charger.json", **anna)
    # As an editor may leave it.
    machine.run("chmod", "600", "/etc/charger/charger.json")
    warned = machine.run("chargectl", "config", "check", "/etc/charger/charger.json")
    assert "mode 600" in warned.stdout + warned.stderr, warned
    machine.run("chmod", "644", "/etc/charger/charger.json")
    machine.run("systemctl", "restart", "charger.target")
    machine.run("chargectl", "wait", "ocpp.link", "phase=accepted", **anna)
    assert machine.run("chargectl", "status", **anna).returncode == 0
    machine.run("chargectl", "sim", "plug", **anna)
    machine.run("chargectl", "sim", "swipe", "04A1B2C3", **anna)
    machine.run("chargectl", "wait", "hardware.connector.1", "contactor=closed", **anna)
    machine.run("chargectl", "sim", "unplug", **anna)
    machine.run("chargectl", "wait", "ocpp.connector.1", "status=Available", **anna)
    assert bare.ledger()["violations"] == []
    archive = machine.run("chargectl", "report", "--output", "/tmp/report.tar", **anna)
    assert archive.returncode == 0 and machine.read("tar", "-tf", "/tmp/report.tar")


@pytest.mark.parametrize("lost", ["/run/charger/secrets", "/run/charger/secrets-in", "/run/charger/config-store.lock"])
def test_the_store_gets_back_what_belongs_to_somebody_else(bare, lost):
    machine = bare.machine
    listing = ("find", "/run/charger/secrets", "/run/charger/secrets-in", "/run/charger/config-store.lock", "-type", "d,f", "-printf", "%p %M %u %g\n")
    before = machine.read(*listing)
    process = machine.pid("config-store")
    machine.run("sh", "-c", 'chown -R root:root "$1" && chmod 700 "$1"', "sh", lost)
    assert machine.read(*listing) != before
    machine.signal("config-store", signal.SIGKILL)
    bare.another_process("config-store", process)
    assert machine.read(*listing) == before
    machine.until(lambda: "HeartbeatInterval" in machine.run("chargectl", "config", "get", check=False).stdout, "the store knows the gateway's keys")
    machine.run("chargectl", "config", "set", "AuthorizationKey", "-", text="000102030405060708090A0B0C0D0E0F")


def test_nothing_is_needed_that_is_not_declared(bare, report):
    machine = bare.machine
    programs = [f"/usr/lib/charger/{service}" for service in SERVICES] + ["/usr/bin/chargectl"]
    for program in programs:
        libraries = machine.read("ldd", program)
        assert "not found" not in libraries
        # Swift's is in what they share, once for all.
        assert "libswift" not in libraries
        assert "/usr/lib/charger/shared-" in libraries
        # That of its package, up to what marks a build in between.
        name = program.rsplit("/", 1)[1]
        version = machine.read("dpkg-query", "--show", "--showformat", "${Version}", f"charger-{name}").partition("+")[0]
        assert machine.read(program, "--version") == f"{name} {version}"
    sizes = machine.read("dpkg-query", "--show", "--showformat", "${Package} ${Installed-Size}\n", "charger-*")
    total = sum(int(line.split()[1]) for line in sizes.splitlines() if line.split()[1:]) / 1024
    report(f"installed size of the packages, the libraries of Swift included: {total:.1f} MiB ({BINARIES.name} build)")


def test_a_damaged_file_leaves_services_that_start(bare):
    machine = bare.machine
    machine.run("sh", "-c", "mkdir /srv/damaged && cp /srv/second/charger-hardware-io_* /srv/second/charger-shared-* /srv/damaged")
    machine.run("sh", "-c", "printf XXXXXXXX | dd of=$(ls /srv/damaged/charger-shared-*) bs=1 seek=900000 conv=notrunc")
    failed = install_packages(machine, "/srv/damaged/*.deb", check=False)
    assert failed.returncode != 0, failed
    before = pids(bare)["hardware-io"]
    machine.signal("hardware-io", signal.SIGKILL)
    machine.until(lambda: pids(bare)["hardware-io"] not in (0, before), "hardware-io runs again")
    bare.wait("hardware.connector.1", "contactor=open")
    # The guide's own command is what mends it: the next test upgrades with it.


def test_each_package_is_upgraded_while_a_car_charges_and_restarts_only_its_service(bare):
    machine = bare.machine
    machine.run("tee", "/etc/charger/charger.json", text=json.dumps(CONFIGURATION))
    machine.run("systemctl", "restart", "charger.target")
    bare.wait("ocpp.link", "phase=accepted")
    bare.wait("ocpp.connector.1", "status=Available")
    number = len(bare.ledger()["transactions"]) + 1
    start = bare.begin()
    upgraded = set()
    for service in [*(each for each in SERVICES if each != "hardware-io"), "hardware-io"]:
        before = pids(bare)
        tap = bare.tap("hardware.connector.1")
        install(bare, "second/charger-shared-*.deb", f"second/charger-{service}_*.deb")
        bare.energy_flows()
        contactor = [state["contactor"] for state in tap.end()]
        after = pids(bare)
        assert [each for each in SERVICES if after[each] != before[each]] == [service]
        upgraded.add(service)
        # Each has that of its own release, and no other.
        releases = mapped_releases(bare)
        assert {each for each in SERVICES if all("second" in name for name in releases[each])} == upgraded, releases
        assert {len(names) for names in releases.values()} == {1}
        if service == "hardware-io":
            assert "open" in contactor and contactor[-1] == "closed", contactor
        else:
            assert set(contactor) == {"closed"}, contactor
    stop = bare.end()
    bare.judge(number, start, stop)


def test_what_somebody_has_stopped_stays_stopped(bare):
    machine = bare.machine
    machine.run("systemctl", "stop", "hardware-io")
    install(bare, "first/charger-common_*.deb")
    install(bare, "first/charger-hardware-io_*.deb", "first/charger-shared-*.deb")
    assert machine.property("hardware-io", "ActiveState") == "inactive"
    machine.run("systemctl", "stop", "charger.target")
    install(bare, "second/charger-hardware-io_*.deb", "second/charger-common_*.deb", "second/charger-shared-*.deb", "second/charger-ocpp-gateway_*.deb")
    assert {machine.property(service, "ActiveState") for service in SERVICES} == {"inactive"}
    machine.run("systemctl", "start", "charger.target")
    bare.wait("ocpp.link", "phase=accepted")
    bare.wait("ocpp.connector.1", "status=Available")


def test_a_downgrade_keeps_what_is_on_disk(bare):
    machine = bare.machine
    told = machine.read("chargectl", "tx", "list")
    start = bare.begin()
    number = len(bare.ledger()["transactions"])
    machine.run("chargectl", "config", "set", "MeterValueSampleInterval", "7")
    install(bare, "second/charger-shared-*.deb", "second/charger-chargectl_*.deb")
    install(bare, "first/*.deb")
    bare.energy_flows()
    stop = bare.end()
    bare.judge(number, start, stop)
    assert "7" in machine.read("chargectl", "config", "get", "MeterValueSampleInterval")
    assert told.splitlines()[0] in machine.read("chargectl", "tx", "list")


def test_removing_and_purging_keeps_billing_data(bare):
    machine = bare.machine
    journals = machine.read("sh", "-c", "cd /var/lib/charger && find . -type f | sort")
    assert "transactions.journal" in journals
    running = [pid for pid in pids(bare).values()]
    for step in ("--remove", "--purge"):
        machine.run("sh", "-c", f"dpkg {step} $(dpkg-query --show --showformat '${{Package}}\n' 'charger-*')", timeout=120)
        assert machine.read("sh", "-c", "cd /var/lib/charger && find . -type f | sort") == journals
    for pid in running:
        assert machine.run("test", "-e", f"/proc/{pid}", check=False).returncode == 1
    assert machine.read("find", "/run/charger", "-type", "s", check=False) == ""


def test_an_installation_that_lost_its_power_goes_on_as_one(bare):
    machine = bare.machine
    machine.run("sh", "-c", "dpkg --install /srv/first/charger-shared-*.deb", timeout=120)
    machine.run("sh", "-c", "dpkg --unpack $(ls /srv/first/charger-*.deb | grep -v charger-shared)", timeout=120)
    # What the power takes: the marks that tell an installation from an upgrade.
    machine.run("sh", "-c", "rm /run/charger-installs*")
    machine.run("dpkg", "--configure", "-a", timeout=120)
    assert {service: machine.property(service, "ActiveState") for service in SERVICES} == dict.fromkeys(SERVICES, "active")
