"""Certificates of one test run, made with the program `openssl`; none is ever committed."""

import datetime
import itertools
import pathlib
import ssl
import subprocess

DAY = datetime.timedelta(days=1)
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(*arguments):
    result = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, f"openssl {arguments[0]}: {result.stderr}"


def stamp(time):
    return time.strftime("%Y%m%d%H%M%SZ")


class Certificate:
    """A certificate with those of its issuers behind it, and its private key."""

    def __init__(self, chain, key):
        self.chain = chain
        self.key = key

    def server(self):
        """The context of a server that has it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class Authority:
    """A root, or an intermediate that a root has signed."""

    def __init__(self, folder, name="Test root", issuer=None):
        self.folder = pathlib.Path(folder) / name.replace(" ", "-")
        self.folder.mkdir()
        self.issuer = issuer
        self.counter = itertools.count(1)
        self.pem, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        (self.folder / "index").write_text("")
        (self.folder / "ca.conf").write_text(
            f"[ca]\ndefault_ca=own\n[own]\ndatabase={self.folder}/index\nnew_certs_dir={self.folder}\nserial={self.folder}/serial\n"
            f"certificate={self.pem}\nprivate_key={self.key}\ndefault_md=sha256\npolicy=any\nunique_subject=no\ndefault_crl_days=30\n"
            "[any]\ncommonName=supplied\n"
        )
        (self.folder / "serial").write_text("1000\n")
        if issuer:
            made = issuer.issue(name, extensions="basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n")
            self.pem.write_bytes(made.chain.read_bytes())
            self.key.write_bytes(made.key.read_bytes())
        else:
            openssl("req", "-x509", *NEW_KEY, "-days", 3650, "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.pem)

    def issue(self, name, begin=-DAY, end=30 * DAY, extensions=None, key=NEW_KEY):
        """A certificate of that name, valid from and to so far from now."""
        stem = self.folder / f"issued-{next(self.counter)}"
        request, made, private, extra = (stem.with_suffix(s) for s in (".csr", ".pem", ".key", ".ext"))
        extra.write_text(extensions or f"subjectAltName=DNS:{name}\n")
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", private, "-out", request)
        now = datetime.datetime.now(datetime.timezone.utc)
        openssl("ca", "-batch", "-notext", "-config", self.folder / "ca.conf", "-in", request, "-out", made, "-extfile", extra,
                "-startdate", stamp(now + begin), "-enddate", stamp(now + end))
        if self.issuer:
            made.write_bytes(made.read_bytes() + self.pem.read_bytes())
        return Certificate(made, private)

    def revoke(self, pem):
        """Revokes a certificate that was issued here; returns the path of the revocation list."""
        openssl("ca", "-config", self.folder / "ca.conf", "-revoke", pem)
        openssl("ca", "-config", self.folder / "ca.conf", "-gencrl", "-out", self.folder / "list.pem")
        return self.folder / "list.pem"

    def trusted_by(self, document, **changes):
        """The charger.json with this root as the only one."""
        document["centralSystem"] |= {"rootCertificates": str(self.pem), **changes}
        return document
