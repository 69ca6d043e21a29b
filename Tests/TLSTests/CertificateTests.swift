import Primitives
import TLS
import TemporaryFolder
import Testing

/// OCPP 1.6 security whitepaper A00.FR.307 to .310: whom the charger believes, and what it says when it does not.
@Suite struct CertificateTests {
    private let authority: Authority

    init() throws { authority = try Authority() }

    private func failure(host: String = "csms.example", time: KnownTime = .about(Pair.today)) throws -> TLSFailure? {
        var pair = try Pair(authority, host: host, time: time)
        pair.exchange()
        #expect(pair.client.isOpen == (pair.failure == nil))
        return pair.failure
    }

    @Test(arguments: [
        ("csms.example", nil, "csms.example"), ("other", "DNS:csms.example", "csms.example"),
        ("other", "DNS:*.csms.example", "eu.csms.example"), ("other", "IP:127.0.0.1", "127.0.0.1"),
        // A00.FR.308 asks for the common name, whatever else is there.
        ("csms.example", "DNS:other.example", "csms.example"),
    ])
    func aNameThatFitsIsBelieved(commonName: String, alternatives: String?, host: String) throws {
        try authority.issue(commonName: commonName, alternatives: alternatives)
        #expect(try failure(host: host) == nil)
    }

    /// A site may trust the issuer of its central system alone, and not whoever has signed that.
    @Test func anIssuerThatIsTrustedNeedsNoRoot() throws {
        try authority.issue()
        try authority.issueByIntermediate(validDays: 10)
        var pair = try Pair(authority, trusting: TLSContext.client(roots: try authority.read("intermediate.pem")))
        pair.exchange()
        #expect(pair.failure == nil && pair.client.isOpen)
    }

    @Test(arguments: [
        ("other.example", nil, "for other.example, not for csms.example"),
        ("x", "DNS:a.example,DNS:b.example", "for a.example, b.example, not for csms.example"),
        ("c*.example", nil, "for c*.example, not for csms.example"),
    ])
    func anotherNameIsRefused(commonName: String, alternatives: String?, words: String) throws {
        try authority.issue(commonName: commonName, alternatives: alternatives)
        let expected = "the certificate of the central system was issued for another name: " + words
        #expect(try failure() == TLSFailure(.certificate, expected))
    }

    @Test func anUnknownRootIsRefused() throws {
        try authority.issue()
        var pair = try Pair(authority, trusting: TLSContext.client(roots: try Authority().read("root.pem")))
        pair.exchange()
        // Both roots have the same name, and only the signature tells them apart.
        #expect(pair.failure?.cause == .certificate)
        // The server is told.
        #expect(pair.serverEvents.count == 1)
    }

    @Test func aCertificateSignedByItselfIsRefused() throws {
        try authority.run(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9"]
                + ["-subj", "/CN=csms.example", "-keyout", authority.file("server.key")]
                + ["-out", authority.file("server.pem")]
        )
        let words = "the certificate of the central system is signed by itself and not among the trusted ones"
        #expect(try failure() == TLSFailure(.certificate, words))
    }

    // MARK: - Time

    private static func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

    private func issueForYears() throws {
        try authority.run(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9"]
                + ["-subj", "/CN=csms.example", "-keyout", authority.file("server.key")]
                + ["-out", authority.file("server.pem")]
        )
    }

    /// The certificate is trusted as its own root, so that one pair of dates counts.
    private func failure(at time: KnownTime) throws -> TLSFailure? {
        try issueForYears()
        var pair = try Pair(authority, trusting: TLSContext.client(roots: try authority.read("server.pem")), time: time)
        pair.exchange()
        return pair.failure
    }

    @Test func anEndedCertificateIsRefusedWithItsDayAndOurs() throws {
        let later = Pair.today.advanced(by: .seconds(20 * 86_400))
        let end = String(Pair.today.advanced(by: .seconds(9 * 86_400)).description.prefix(10))
        let words =
            "the certificate of the central system ended on \(end), "
            + "and today is \(later.description.prefix(10)) by the clock of the charger"
        #expect(try failure(at: .about(later)) == TLSFailure(.certificate, words))
        #expect(try failure(at: .atLeast(later))?.cause == .certificate)
    }

    /// Without a clock the charger must be able to ask for the time; with one, a certificate of the future is none.
    @Test func aCertificateThatBeginsLaterIsRefusedOnlyWhereTheTimeIsKnown() throws {
        let earlier = try Self.time("2025-01-01T00:00:00Z")
        #expect(try failure(at: .atLeast(earlier)) == nil)
        let refusal = try #require(try failure(at: .about(earlier)))
        #expect(refusal.cause == .certificate)
        #expect(refusal.description.hasSuffix("and today is 2025-01-01 by the clock of the charger"))
    }

    // MARK: - Revocation

    @Test func aRevokedCertificateIsRefusedAndAnOldListCounts() throws {
        try authority.issue()
        let lists = try authority.revocationLists(revoking: "server.pem")
        let trust = try TLSContext.client(roots: try authority.read("root.pem"), revocations: lists)
        var pair = try Pair(authority, trusting: trust, time: .about(Pair.today.advanced(by: .seconds(5 * 86_400))))
        pair.exchange()
        #expect(pair.failure == TLSFailure(.certificate, "the certificate of the central system was revoked"))
    }

    @Test func aListOfAnotherIssuerRevokesNothing() throws {
        try authority.issue()
        let other = try Authority()
        try other.issue()
        let lists = try other.revocationLists(revoking: "server.pem", issuer: "/CN=Other root")
        let trust = try TLSContext.client(roots: try authority.read("root.pem"), revocations: lists)
        var pair = try Pair(authority, trusting: trust)
        pair.exchange()
        #expect(pair.client.isOpen)
    }

    /// A copy that was broken off, or a bad sector: what stands behind the damage is what somebody wanted to be refused.
    @Test func aFileThatIsDamagedOrCutOffIsNotUsedAtAll() throws {
        try authority.issue()
        let root = try authority.read("root.pem")
        let list = try authority.revocationLists(revoking: "server.pem")
        let broken = Array("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n".utf8)
        let cutInTheFirstLine = Array("-----BEGIN X509 CR".utf8)
        for damaged in [
            list + broken + list, list + list.dropLast(60), list + cutInTheFirstLine, Array(list.dropLast(60)),
        ] {
            let refusal = #expect(throws: TLSFailure.self) { try TLSContext.client(roots: root, revocations: damaged) }
            #expect(refusal?.description.contains("damaged or cut off") == true, "\(damaged.count) bytes")
        }
        for damaged in [root + root.dropLast(60), root + Array("-----BEGIN CERTIFICATE-----\n".utf8)] {
            #expect(throws: TLSFailure.self) { try TLSContext.client(roots: damaged) }
        }
        // Words between the blocks are none of their business.
        _ = try TLSContext.client(roots: Array("our root\n".utf8) + root, revocations: list + list)
    }

    // MARK: - Strength

    /// A00.FR.501: 112 bits at least.
    @Test func aShortKeyIsRefused() throws {
        try authority.issue(newKey: ["-newkey", "rsa:1024"])
        let refusal = #expect(throws: TLSFailure.self) {
            try TLSContext.server(certificates: try authority.read("server.pem"), key: try authority.read("server.key"))
        }
        #expect(refusal?.cause == .configuration)
    }

    @Test(arguments: ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    func rootsThatAreNoneAreRefused(text: String) throws {
        let refusal = #expect(throws: TLSFailure.self) { try TLSContext.client(roots: Array(text.utf8)) }
        #expect(refusal?.cause == .configuration)
    }
}

extension Authority {
    /// A list in PEM that is outdated tomorrow.
    func revocationLists(revoking name: String, issuer: String? = nil) throws -> [UInt8] {
        if let issuer {
            try run(
                ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"]
                    + ["-subj", issuer, "-keyout", file("root.key"), "-out", file("root.pem")]
            )
        }
        let configuration = """
            [ca]
            default_ca = own
            [own]
            database = \(file("index"))
            certificate = \(file("root.pem"))
            private_key = \(file("root.key"))
            default_md = sha256
            default_crl_days = 1
            """
        try folder.write(Array(configuration.utf8), to: "ca.conf")
        try folder.write([], to: "index")
        try run(["ca", "-config", file("ca.conf"), "-revoke", file(name)])
        try run(["ca", "-config", file("ca.conf"), "-gencrl", "-out", file("list.pem")])
        return try read("list.pem")
    }
}
