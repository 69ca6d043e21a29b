import NameServers

/// What a name server answers, or whoever says that it is one.
enum NameServerInputs {
    /// The first byte says which kind of address was asked for; the name was `csms.example`, the number 0x1234.
    static func read(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let kind = first & 1 == 0 ? NameQuery.Kind.a : .aaaa
        let answer = NameQuery.answer(Array(bytes.dropFirst()), to: "csms.example", kind, id: 0x1234)
        guard case .addresses(let found)? = answer else { return }
        precondition(!found.isEmpty && found.count <= 8, "An answer with addresses has some, and not too many.")
        let length = kind == .a ? 4 : 16
        precondition(found.allSatisfy { $0.count == length }, "An address of another kind was let through.")
    }
}
