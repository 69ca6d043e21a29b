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
    /// - Returns: Those up to the end, or up to the first block that cannot be read; and whether that was the end.
    func objects(
        in pem: [UInt8],
        _ read: (OpaquePointer) -> OpaquePointer?
    ) -> (found: [OpaquePointer], isComplete: Bool) {
        guard !pem.isEmpty else { return ([], true) }
        return pem.withUnsafeBytes { bytes in
            guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return ([], false)
            }
            defer { _ = BIO_free(source) }
            var found: [OpaquePointer] = []
            while let object = read(source) { found.append(object) }
            // That no further block begins is noted as an error, and no other error is the end.
            let code = ERR_peek_last_error()
            ERR_clear_error()
            let isEnd = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE
            return (found, isEnd && Self.isWhole(pem))
        }
    }

    /// Whether as many blocks end as begin: a text that was cut in the first line of a block has no further block for OpenSSL.
    private static func isWhole(_ pem: [UInt8]) -> Bool {
        var begun = 0
        var ended = 0
        for line in pem.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            if line.starts(with: "-----BEGIN".utf8) { begun += 1 }
            if line.starts(with: "-----END".utf8) { ended += 1 }
        }
        return begun == ended
    }
}
