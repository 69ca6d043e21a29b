internal import COpenSSL
internal import Primitives

/// The check of a server's certificates (RFC 5280 §6; OCPP 1.6 security whitepaper A00.FR.307, .308), and the reason when it fails.
struct CertificateCheck {
    let host: String
    let time: KnownTime
    /// Why the certificates are refused.
    private(set) var failure: TLSFailure?
    /// When all certificates of the chain are valid; nil until they have been found good.
    private(set) var validity: Validity?

    init(host: String, time: KnownTime) {
        self.host = host
        self.time = time
    }

    /// Tells the connection what to check for.
    /// - Returns: False when OpenSSL does not take it.
    func prepare(_ connection: OpaquePointer) -> Bool {
        let ssl = OpenSSL.known
        guard let rules = ssl.SSL_get0_param(connection) else { return false }
        ssl.X509_VERIFY_PARAM_set_time(rules, time_t(time.earliest.millisecondsSinceEpoch / 1000))
        if ssl.X509_VERIFY_PARAM_set1_ip_asc(rules, host) == 1 { return true }
        ssl.ERR_clear_error()
        // The common name counts beside alternative names, as A00.FR.308 has it.
        let flags = UInt32(X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
        ssl.X509_VERIFY_PARAM_set_hostflags(rules, flags)
        guard ssl.X509_VERIFY_PARAM_set1_host(rules, host, host.utf8.count) == 1 else { return false }
        // The name asked for goes out in clear; addresses are none (RFC 6066 §3).
        return host.withCString { name in
            let name = UnsafeMutableRawPointer(mutating: name)
            return ssl.SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), name) == 1
        }
    }

    /// Called by OpenSSL with the chain that the server sent.
    static let callback: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { chain, _ in
        let ssl = OpenSSL.known
        let place = ssl.SSL_get_ex_data_X509_STORE_CTX_idx()
        guard let chain, let connection = ssl.X509_STORE_CTX_get_ex_data(chain, place),
            let owner = ssl.SSL_get_ex_data(OpaquePointer(connection), 0)
        else { return 0 }
        return Unmanaged<TLSConnection>.fromOpaque(owner).takeUnretainedValue().verify(chain) ? 1 : 0
    }

    /// Checks the chain, and notes why it is refused.
    mutating func verify(_ chain: OpaquePointer) -> Bool {
        let ssl = OpenSSL.known
        switch time {
        case .about: ssl.X509_STORE_CTX_set_verify_cb(chain, Self.leniency)
        case .atLeast: ssl.X509_STORE_CTX_set_verify_cb(chain, Self.leniencyWithoutClock)
        }
        guard ssl.X509_verify_cert(chain) != 1 else {
            validity = Self.validity(of: chain)
            return true
        }
        failure = TLSFailure(.certificate, reason(ssl.X509_STORE_CTX_get_error(chain), chain))
        return false
    }

    /// From the server's own certificate to the one that is trusted.
    private static func validity(of chain: OpaquePointer) -> Validity? {
        let ssl = OpenSSL.known
        let list = ssl.X509_STORE_CTX_get0_chain(chain)
        let certificates = (0..<max(ssl.OPENSSL_sk_num(list), 0)).compactMap { index in
            ssl.OPENSSL_sk_value(list, index).map { Certificate(handle: OpaquePointer($0)) }
        }
        guard let begin = certificates.compactMap(\.begin).max(), let end = certificates.compactMap(\.end).min() else {
            return nil
        }
        return Validity(begin: begin, end: end)
    }

    /// What is no reason to refuse: see `TLSContext.client` for revocation lists.
    private static let leniency: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isGood, chain in
        if isGood == 1 { return 1 }
        switch OpenSSL.known.X509_STORE_CTX_get_error(chain) {
        case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID: return 1
        default: return 0
        }
    }

    /// A charger that does not know the time learns it from the central system, so that a certificate issued after the last time it knew must
    /// not keep it from asking. One that had ended by then has ended for good.
    private static let leniencyWithoutClock: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isGood, chain in
        let error = OpenSSL.known.X509_STORE_CTX_get_error(chain)
        return isGood == 0 && error == X509_V_ERR_CERT_NOT_YET_VALID ? 1 : leniency(isGood, chain)
    }

    private func reason(_ error: Int32, _ chain: OpaquePointer) -> String {
        let ssl = OpenSSL.known
        guard let handle = ssl.X509_STORE_CTX_get_current_cert(chain) else { return words(error) }
        let certificate = Certificate(handle: handle)
        let isOwn = ssl.X509_STORE_CTX_get_error_depth(chain) == 0
        let whose =
            isOwn
            ? "the certificate of the central system" : "the certificate of the issuer \(certificate.subject)"
        switch error {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "\(whose) ended on \(certificate.end?.day ?? "an unknown day")\(today)"
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "\(whose) begins on \(certificate.begin?.day ?? "an unknown day")\(today)"
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "\(whose) was issued for another name: for \(certificate.names), not for \(host)"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return "\(whose) is signed by itself and not among the trusted ones"
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return "the certificate of the central system goes back to \(certificate.subject), "
                + "which is not among the trusted ones"
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "\(whose) was issued by \(certificate.issuer), which is neither trusted nor sent along"
        case X509_V_ERR_CERT_REVOKED:
            return "\(whose) was revoked"
        default:
            return "\(whose) is refused (\(words(error)))"
        }
    }

    /// What the charger takes for the date: whoever reads it sees a wrong clock.
    private var today: String {
        switch time {
        case .about(let time): ", and today is \(time.day) by the clock of the charger"
        case .atLeast(let time): ", and it is \(time.day) at least, though the charger does not know the time"
        }
    }

    private func words(_ error: Int32) -> String {
        OpenSSL.known.X509_verify_cert_error_string(Int(error)).map { String(cString: $0) } ?? "error \(error)"
    }
}
