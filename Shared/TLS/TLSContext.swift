internal import COpenSSL

/// What all connections of one side share: whom to trust, or who we are. Making one reads certificates and takes about a millisecond;
/// the first one also loads OpenSSL, which takes tens.
///
/// TLS 1.2 and 1.3 only, no compression, no renegotiation, no algorithm below 112 bits (OCPP 1.6 security whitepaper A00.FR.312, .320, .501).
public final class TLSContext {
    let handle: OpaquePointer

    /// For connections to a server whose certificate one of `roots` has signed.
    /// - Parameters:
    ///   - roots: Certificates in PEM that are trusted, and no others. They need not be signed by themselves: a site may trust one that issues
    ///     for its central system alone, and not whoever has signed that.
    ///   - revocations: Revocation lists in PEM. An issuer that none is of has revoked nothing, and an outdated list still counts: a charger
    ///     that nobody brings a new list to must not be stranded by the date of the old one.
    /// - Returns: What connections to such a server share.
    /// - Throws: `TLSFailure` with cause `unavailable` or `configuration`.
    public static func client(roots: [UInt8], revocations: [UInt8]? = nil) throws(TLSFailure) -> TLSContext {
        let ssl = try OpenSSL.functions()
        let context = try TLSContext(ssl, ssl.TLS_client_method())
        guard let store = ssl.SSL_CTX_get_cert_store(context.handle) else { throw ssl.configurationFailure() }
        let (certificates, allRead) = ssl.objects(in: roots) { ssl.PEM_read_bio_X509($0, nil, nil, nil) }
        defer { for certificate in certificates { ssl.X509_free(certificate) } }
        // Half a file is not believed: who copied it wanted the rest too, and what a revocation list has lost nobody would miss.
        guard allRead else { throw .damaged(behind: "certificates", certificates.count) }
        guard !certificates.isEmpty else { throw TLSFailure(.configuration, "it holds no certificate in PEM") }
        for certificate in certificates where ssl.X509_STORE_add_cert(store, certificate) != 1 {
            throw ssl.configurationFailure()
        }
        if let revocations {
            let (lists, allRead) = ssl.objects(in: revocations) { ssl.PEM_read_bio_X509_CRL($0, nil, nil, nil) }
            defer { for list in lists { ssl.X509_CRL_free(list) } }
            guard allRead else { throw .damaged(behind: "revocation lists", lists.count) }
            guard !lists.isEmpty else { throw TLSFailure(.configuration, "it holds no revocation list in PEM") }
            for list in lists where ssl.X509_STORE_add_crl(store, list) != 1 { throw ssl.configurationFailure() }
        }
        let checked = revocations == nil ? 0 : X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL
        let flags = UInt(X509_V_FLAG_PARTIAL_CHAIN | checked)
        _ = ssl.X509_VERIFY_PARAM_set_flags(ssl.SSL_CTX_get0_param(context.handle), flags)
        ssl.SSL_CTX_set_verify(context.handle, SSL_VERIFY_PEER, nil)
        ssl.SSL_CTX_set_cert_verify_callback(context.handle, CertificateCheck.callback, nil)
        return context
    }

    /// For connections that others open to us.
    /// - Parameters:
    ///   - certificates: Our own in PEM; with it those between it and the root, in order.
    ///   - key: Its private key in PEM, without a pass phrase.
    /// - Returns: What connections from clients share.
    /// - Throws: `TLSFailure` with cause `unavailable` or `configuration`.
    public static func server(certificates: [UInt8], key: [UInt8]) throws(TLSFailure) -> TLSContext {
        let ssl = try OpenSSL.functions()
        let context = try TLSContext(ssl, ssl.TLS_server_method())
        let chain = ssl.objects(in: certificates) { ssl.PEM_read_bio_X509($0, nil, nil, nil) }.found
        defer { for certificate in chain { ssl.X509_free(certificate) } }
        guard let own = chain.first, ssl.SSL_CTX_use_certificate(context.handle, own) == 1 else {
            throw ssl.configurationFailure("the certificate")
        }
        for issuer in chain.dropFirst() {
            _ = ssl.SSL_CTX_ctrl(context.handle, SSL_CTRL_CHAIN_CERT, 1, UnsafeMutableRawPointer(issuer))
        }
        let keys = ssl.objects(in: key) { ssl.PEM_read_bio_PrivateKey($0, nil, nil, nil) }.found
        defer { for key in keys { ssl.EVP_PKEY_free(key) } }
        guard let first = keys.first, ssl.SSL_CTX_use_PrivateKey(context.handle, first) == 1 else {
            throw ssl.configurationFailure("the private key")
        }
        let name: [UInt8] = Array("charger".utf8)
        _ = ssl.SSL_CTX_set_session_id_context(context.handle, name, UInt32(name.count))
        return context
    }

    private init(_ ssl: copenssl, _ method: OpaquePointer?) throws(TLSFailure) {
        guard let handle = ssl.SSL_CTX_new(method) else { throw ssl.configurationFailure() }
        self.handle = handle
        ssl.SSL_CTX_set_security_level(handle, 2)
        _ = ssl.SSL_CTX_set_options(handle, copenssl_options)
        let isSet =
            ssl.SSL_CTX_ctrl(handle, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil) == 1
            && ssl.SSL_CTX_set_cipher_list(handle, Self.cipherSuites) == 1
            && ssl.SSL_CTX_set_ciphersuites(handle, Self.cipherSuites13) == 1
        guard isSet else { throw ssl.configurationFailure() }
        // Without it every idle connection keeps 34 KiB of buffers.
        _ = ssl.SSL_CTX_ctrl(handle, SSL_CTRL_MODE, Int(SSL_MODE_RELEASE_BUFFERS), nil)
    }

    deinit { OpenSSL.known.SSL_CTX_free(handle) }

    /// Those of A00.FR.318 with forward secrecy, the same for RSA certificates, and last those that a central system must have (A00.FR.317)
    /// and that lack it.
    private static let cipherSuites =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256"
        + ":ECDHE-RSA-AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-GCM-SHA384"
    private static let cipherSuites13 =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
}

extension TLSFailure {
    fileprivate static func damaged(behind kind: String, _ count: Int) -> TLSFailure {
        TLSFailure(.configuration, "it is damaged or cut off (\(kind) before that: \(count))")
    }
}

extension copenssl {
    fileprivate func configurationFailure(_ what: String = "it") -> TLSFailure {
        TLSFailure(.configuration, "\(what) cannot be used (\(takenError ?? "no reason given"))")
    }
}
