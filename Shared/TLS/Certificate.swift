internal import COpenSSL
internal import Glibc
internal import Primitives

/// A certificate that somebody else owns, and what people want to know of it.
struct Certificate {
    let handle: OpaquePointer

    var begin: Timestamp? { time(OpenSSL.known.X509_get0_notBefore(handle)) }
    var end: Timestamp? { time(OpenSSL.known.X509_get0_notAfter(handle)) }
    var subject: String { commonName(OpenSSL.known.X509_get_subject_name(handle)) ?? "nobody" }
    var issuer: String { commonName(OpenSSL.known.X509_get_issuer_name(handle)) ?? "nobody" }

    /// The names that it was issued for: those of subjectAltName, else the commonName. Four at most.
    var names: String {
        let ssl = OpenSSL.known
        guard let list = ssl.X509_get_ext_d2i(handle, NID_subject_alt_name, nil, nil) else { return subject }
        defer { ssl.GENERAL_NAMES_free(OpaquePointer(list)) }
        var names: [String] = []
        for index in 0..<max(ssl.OPENSSL_sk_num(OpaquePointer(list)), 0) {
            guard names.count < 4, let name = ssl.OPENSSL_sk_value(OpaquePointer(list), index) else { break }
            var kind: Int32 = 0
            let value = ssl.GENERAL_NAME_get0_value(name.assumingMemoryBound(to: GENERAL_NAME.self), &kind)
            guard kind == GEN_DNS, let value else { continue }
            names.append(text(value.assumingMemoryBound(to: ASN1_STRING.self)))
        }
        return names.isEmpty ? subject : names.joined(separator: ", ")
    }

    private func text(_ string: UnsafePointer<ASN1_STRING>) -> String {
        let ssl = OpenSSL.known
        guard let data = ssl.ASN1_STRING_get0_data(string) else { return "" }
        let count = min(max(Int(ssl.ASN1_STRING_length(string)), 0), Self.longestName)
        return Self.printable(UnsafeBufferPointer(start: data, count: count))
    }

    private func commonName(_ name: OpaquePointer?) -> String? {
        var buffer = [CChar](repeating: 0, count: Self.longestName)
        let count = OpenSSL.known.X509_NAME_get_text_by_NID(name, NID_commonName, &buffer, Int32(buffer.count))
        guard count > 0 else { return nil }
        return Self.printable(buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) })
    }

    /// It goes into a line of the log, and its writer may be anybody.
    private static func printable(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private func time(_ time: UnsafePointer<ASN1_TIME>?) -> Timestamp? {
        var parts = tm()
        guard OpenSSL.known.ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Timestamp(millisecondsSinceEpoch: Int64(timegm(&parts)).multipliedClamped(by: 1000))
    }

    private static let longestName = 128
}
