import Glibc
import TemporaryFolder

/// Certificates for one test, made with the program `openssl`: a root, and what it has signed.
struct Authority {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try run(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"]
                + ["-subj", "/CN=Test root", "-keyout", file("root.key"), "-out", file("root.pem")]
        )
    }

    func file(_ name: String) -> String { folder.file(name) }
    func read(_ name: String) throws -> [UInt8] { try folder.read(name) }

    /// Makes a certificate of that name, valid for 30 days and signed by the root, as `server.pem` and `server.key`. Alternative names are
    /// as OpenSSL writes them, `DNS:a.example`.
    func issue(
        commonName: String = "csms.example",
        alternatives: String? = nil,
        newKey: [String] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    ) throws {
        try run(
            ["req"] + newKey + ["-nodes", "-subj", "/CN=\(commonName)"]
                + ["-keyout", file("server.key"), "-out", file("server.csr")]
        )
        let extensions = alternatives.map { "subjectAltName=\($0)\n" } ?? "basicConstraints=CA:FALSE\n"
        try folder.write(Array(extensions.utf8), to: "extensions")
        try run(
            ["x509", "-req", "-in", file("server.csr"), "-CA", file("root.pem"), "-CAkey", file("root.key")]
                + ["-set_serial", "7", "-extfile", file("extensions"), "-out", file("server.pem"), "-days", "30"]
        )
    }

    /// Makes `server.pem` once more: signed by an intermediate, `intermediate.pem`, that ends after so many days, and followed by it.
    func issueByIntermediate(validDays: Int) throws {
        try run(
            ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Test intermediate"]
                + ["-keyout", file("intermediate.key"), "-out", file("intermediate.csr")]
        )
        try folder.write(Array("basicConstraints=critical,CA:TRUE\n".utf8), to: "extensions")
        try run(
            ["x509", "-req", "-in", file("intermediate.csr"), "-CA", file("root.pem"), "-CAkey", file("root.key")]
                + ["-set_serial", "8", "-extfile", file("extensions"), "-out", file("intermediate.pem")]
                + ["-days", String(validDays)]
        )
        try folder.write(Array("basicConstraints=CA:FALSE\n".utf8), to: "extensions")
        try run(
            ["x509", "-req", "-in", file("server.csr"), "-CA", file("intermediate.pem")]
                + ["-CAkey", file("intermediate.key"), "-set_serial", "9", "-extfile", file("extensions")]
                + ["-out", file("server.pem"), "-days", "30"]
        )
        try folder.write(try read("server.pem") + read("intermediate.pem"), to: "server.pem")
    }

    /// Foundation's `Process` hears of the end of a child by a thread that the tests, which run side by side, may all be waiting for.
    func run(_ arguments: [String]) throws {
        struct Failed: Error { let arguments: [String] }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in [0, 1, 2] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var words: [UnsafeMutablePointer<CChar>?] = (["openssl"] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        guard posix_spawnp(&child, "openssl", &actions, nil, words, environ) == 0 else {
            throw Failed(arguments: arguments)
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw Failed(arguments: arguments) }
        }
        guard status == 0 else { throw Failed(arguments: arguments) }
    }
}
