internal import COpenSSL
internal import Glibc

/// The functions of libssl and libcrypto, loaded when the first context asks for them.
enum OpenSSL {
    /// - Throws: `TLSFailure` with cause `unavailable`, also at the second call: a library does not appear while a program runs.
    static func functions() throws(TLSFailure) -> copenssl {
        try loaded.get()
    }

    /// The functions for those who hold a context already, whose making has loaded them.
    static var known: copenssl {
        guard case .success(let table) = loaded else {
            preconditionFailure("A context exists only with the libraries loaded.")
        }
        return table
    }

    private static let loaded: Result<copenssl, TLSFailure> = load()

    private static func load() -> Result<copenssl, TLSFailure> {
        guard let library = dlopen("libssl.so.3", RTLD_LAZY | RTLD_LOCAL) else {
            let reason = dlerror().map { String(cString: $0) } ?? "not found"
            return .failure(TLSFailure(.unavailable, "OpenSSL 3 cannot be loaded (\(reason))"))
        }
        var table = copenssl()
        if let missing = copenssl_fill(library, &table) {
            return .failure(TLSFailure(.unavailable, "OpenSSL lacks \(String(cString: missing)): version 3 is needed"))
        }
        // The machine's openssl.cnf could allow what a charger must not, and is not read.
        guard table.OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_LOAD_CONFIG), nil) == 1 else {
            return .failure(TLSFailure(.unavailable, "OpenSSL cannot be started"))
        }
        return .success(table)
    }
}

extension copenssl {
    /// The newest error that OpenSSL noted, in its own words; nil without one. Forgets all of them.
    var takenError: String? {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0, let words = ERR_reason_error_string(code) else { return nil }
        return String(cString: words)
    }

    /// Reads every object of one kind out of PEM text, as `read` finds them one after the other.
    func objects(in pem: [UInt8], _ read: (OpaquePointer) -> OpaquePointer?) -> [OpaquePointer] {
        let source = pem.withUnsafeBytes { BIO_new_mem_buf($0.baseAddress, Int32(clamping: $0.count)) }
        guard let source else { return [] }
        return withExtendedLifetime(pem) {
            defer { _ = BIO_free(source) }
            var found: [OpaquePointer] = []
            while let object = read(source) { found.append(object) }
            // The end of the text is noted as an error.
            ERR_clear_error()
            return found
        }
    }
}
