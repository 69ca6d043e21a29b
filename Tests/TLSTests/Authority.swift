import Foundation
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

    func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        struct Failed: Error { let arguments: [String] }
        guard process.terminationStatus == 0 else { throw Failed(arguments: arguments) }
    }
}
