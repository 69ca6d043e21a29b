internal import BusSchema

/// The keys that services have declared since the store started, valid and without contradiction.
struct Declarations: Equatable, Sendable {
    struct Declared: Equatable, Sendable {
        var owner: ServiceName
        var declaration: KeyDeclaration
    }

    /// In the order of their first declaration.
    private(set) var owners: [ServiceName] = []
    private var keys: [ServiceName: [KeyDeclaration]] = [:]
    /// By key in lower case.
    private var byKey: [String: Declared] = [:]

    subscript(key: String) -> Declared? { byKey[key.lowercased()] }

    func keys(of owner: ServiceName) -> [KeyDeclaration] { keys[owner] ?? [] }

    /// Replaces what `owner` declared before, or changes nothing and throws why.
    mutating func replace(_ owner: ServiceName, _ declared: [KeyDeclaration]) throws(BusError) {
        guard keys[owner] != nil || owners.count < ConfigLimits.owners else {
            throw BusError(.refused, "\(ConfigLimits.owners) services have declared keys already")
        }
        guard declared.count <= ConfigLimits.keysPerOwner else {
            throw BusError(.invalid, "expected at most \(ConfigLimits.keysPerOwner) keys, found \(declared.count)")
        }
        guard owner.rawValue.utf8.count <= ConfigLimits.keyLength, Self.isName(owner.rawValue) else {
            throw BusError(.invalid, "owner: expected the name of a service")
        }
        var canonical: [KeyDeclaration] = []
        var added: [String: Declared] = [:]
        for declaration in declared {
            let declaration = try Self.checked(declaration)
            let lower = declaration.key.lowercased()
            guard added[lower] == nil else { throw BusError(.invalid, "\(declaration.key): declared twice") }
            if let other = byKey[lower], other.owner != owner {
                throw BusError(.invalid, "\(declaration.key): already declared by \(other.owner)")
            }
            added[lower] = Declared(owner: owner, declaration: declaration)
            canonical.append(declaration)
        }
        let bytes = canonical.reduce(0) { $0 + $1.mostValueBytes(of: owner) }
        guard bytes <= ConfigLimits.valuesBytes else {
            let expected = "expected values of at most \(ConfigLimits.valuesBytes) bytes in all, found up to \(bytes)"
            throw BusError(.invalid, "\(expected); shorter texts or fewer keys fit a message")
        }
        for declaration in keys(of: owner) { byKey[declaration.key.lowercased()] = nil }
        byKey.merge(added) { _, new in new }
        if keys[owner] == nil { owners.append(owner) }
        keys[owner] = canonical
    }

    /// The declaration with its default in canonical spelling. Anything unknown in it is refused: a rule that is not understood cannot be kept.
    private static func checked(_ declaration: KeyDeclaration) throws(BusError) -> KeyDeclaration {
        let key = declaration.key
        guard key.utf8.count <= ConfigLimits.keyLength, isName(key) else {
            let expected = "expected at most \(ConfigLimits.keyLength) letters, digits, dots, dashes and underscores"
            throw BusError(.invalid, "key \"\(key.prefix(60))\": \(expected)")
        }
        guard [.boolean, .integer, .string, .list, .hexadecimal].contains(declaration.type) else {
            throw BusError(.invalid, "\(key): type: \"\(declaration.type.rawValue.prefix(60))\" is unknown here")
        }
        guard [.readOnly, .readWrite, .writeOnly].contains(declaration.access) else {
            throw BusError(.invalid, "\(key): access: \"\(declaration.access.rawValue.prefix(60))\" is unknown here")
        }
        guard declaration.minimum ?? 0 <= declaration.maximum ?? .max else {
            throw BusError(.invalid, "\(key): minimum: expected at most the maximum")
        }
        guard declaration.choices?.isEmpty != true else {
            throw BusError(.invalid, "\(key): choices: expected at least one, or none of the field")
        }
        guard !declaration.secret || declaration.defaultValue == nil else {
            throw BusError(.invalid, "\(key): defaultValue: a secret has none")
        }
        var checked = declaration
        do {
            checked.defaultValue = try declaration.defaultValue.map { text throws(Misfit) in
                try declaration.canonical(text)
            }
        } catch {
            throw BusError(.invalid, "defaultValue of \(error)")
        }
        return checked
    }

    /// Names become file names of secrets, so they hold nothing that a path could be made of.
    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: ".") else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
    }
}
