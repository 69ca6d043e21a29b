internal import JSON
internal import Primitives

/// Takes secrets out of what leaves the charger in a support report.
///
/// The services publish none. But people also type a password where it does not belong, and its name wrongly; so values are taken out by the
/// name that stands beside them, by their looks, and where they are known from the site's file.
struct Redaction {
    private static let mark = "***"
    /// As many hexadecimal digits in a row are a password: the shortest AuthorizationKey has 32 (security white paper A00.FR.205), and
    /// some may be missing. The longest idTag has 20 characters.
    private static let mostDigits = 24
    private static let names = ["AuthorizationKey", "authorizationKeyHex", "password", "passphrase", "secret"]
    /// Too short for slips of the pen: `pid` is none.
    private static let shortNames = ["pin", "puk"]

    /// Texts that are secrets, whatever stands around them.
    private let known: [String]

    /// - Parameter document: The site's file.
    init(_ document: JSONValue?) { known = document.map(Self.secrets) ?? [] }

    private static func secrets(in value: JSONValue) -> [String] {
        switch value {
        case .object(let object):
            object.members.flatMap { member in
                let text = isSecret(member.key) ? member.value.asString : nil
                return (text.map { [$0] } ?? []) + secrets(in: member.value)
            }.filter { $0.utf8.count >= 4 }
        case .array(let elements): elements.flatMap(secrets)
        default: []
        }
    }

    /// Whether `name` is that of a secret, or one that somebody may have meant by it.
    private static func isSecret(_ name: String) -> Bool {
        let letters = String(name.filter(\.isLetter).prefix(64))
        return shortNames.contains(letters.lowercased()) || NearestName.of(letters, in: names) != nil
    }

    // MARK: - Values

    /// A value without secrets.
    func clean(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): return .string(clean(text))
        case .array(let elements): return .array(elements.map(clean))
        case .object(let object):
            // `{"key": …, "value": …}`, as OCPP and the config store have it.
            let namesSecret = object.members.contains { $0.key.lowercased() == "key" && Self.mentions($0.value) }
            var cleaned = JSONObject()
            for member in object.members {
                let isSecret = Self.isSecret(member.key) || (namesSecret && member.key.lowercased().hasSuffix("value"))
                cleaned[clean(member.key)] = isSecret ? Self.hidden(member.value) : clean(member.value)
            }
            return .object(cleaned)
        case .null, .bool, .number: return value
        }
    }

    /// That there is none, or whether something is one, is none.
    private static func hidden(_ value: JSONValue) -> JSONValue {
        value.isNull || value.asBool != nil ? value : .string(mark)
    }

    private static func mentions(_ value: JSONValue) -> Bool { value.asString.map(isSecret) ?? false }

    // MARK: - Texts

    /// A text without secrets: one that is JSON, such as the frame of an OCPP message, as that.
    func clean(_ text: String) -> String {
        if text.first == "[" || text.first == "{" {
            guard let value = try? JSON.parse(Array(text.utf8)) else { return cleanUnreadable(text) }
            return clean(value).description
        }
        return cleanLine(text)
    }

    /// What cannot be read may hold the password anywhere.
    private func cleanUnreadable(_ text: String) -> String {
        let words = text.split { !$0.isLetter }.map(String.init)
        let namesIt = text.contains("\\" as Character) || words.contains(where: Self.isSecret)
        return namesIt ? "(withheld: it is unreadable and may hold a secret)" : cleanLine(text)
    }

    /// Lines that are no JSON: of a log.
    func cleanLines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { cleanLine(String($0)) }
            .joined(separator: "\n")
    }

    private func cleanLine(_ text: String) -> String {
        var cleaned = withoutDigits(text)
        for secret in known { cleaned = Self.replace(secret, in: cleaned) }
        return cleaned
    }

    private func withoutDigits(_ text: String) -> String {
        var result: [UInt8] = []
        var run: [UInt8] = []
        func end() {
            result += run.count >= Self.mostDigits ? Array(Self.mark.utf8) : run
            run.removeAll()
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                run.append(byte)
            default:
                end()
                result.append(byte)
            }
        }
        end()
        return String(decoding: result, as: UTF8.self)
    }

    private static func replace(_ secret: String, in text: String) -> String {
        let bytes = Array(text.utf8)
        let wanted = Array(secret.utf8)
        guard bytes.count >= wanted.count else { return text }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == wanted[0], bytes[index...].starts(with: wanted) {
                result += Array(mark.utf8)
                index += wanted.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
