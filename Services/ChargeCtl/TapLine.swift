import BusSchema
import JSON
import Primitives

/// One bus message as one line for people: time, source, a sign for the kind, topic, what it says.
struct TapLine {
    let header: Header
    let topic: String
    let payload: JSONValue

    /// `=` state, `!` event, `?` request, `>` reply, `x` error.
    private var sign: Character {
        switch header.kind {
        case .state: "="
        case .event: "!"
        case .request: "?"
        case .reply: ">"
        case .error: "x"
        default: "·"
        }
    }

    /// At most `width` characters; what is longer ends with `…`.
    func text(width: Int) -> String {
        let line = text
        return line.count <= width ? line : line.prefix(width - 1) + "…"
    }

    var text: String {
        let time = Timestamp(millisecondsSinceEpoch: header.sentAt).description.dropFirst(11).dropLast()
        let source = padded(header.source.rawValue, to: 13)
        return singleLine("\(time)  \(source) \(sign) \(padded(topic, to: 22)) \(summary)")
    }

    /// The stable form for scripts.
    var json: JSONValue {
        [
            "at": .string(Timestamp(millisecondsSinceEpoch: header.sentAt).description),
            "topic": .string(topic),
            "header": headerJSON,
            "payload": payload,
        ]
    }

    private var headerJSON: JSONValue {
        var object = JSONObject()
        func add(_ key: String, _ value: JSONValue?) {
            guard let value else { return }
            let added = object.append(key: key, value: value)
            precondition(added, "A header names each field once.")
        }
        add("v", .number(JSONNumber(Int64(header.v))))
        add("kind", .string(header.kind.rawValue))
        add("type", .string(header.type))
        add("id", .string(header.id))
        add("source", .string(header.source.rawValue))
        add("sentAt", .number(JSONNumber(header.sentAt)))
        add("uptime", .number(JSONNumber(header.uptime)))
        add("seq", header.seq.map { .number(JSONNumber($0)) })
        add("replyTo", header.replyTo.map { .string($0) })
        add("transaction", header.transaction.map { .string($0) })
        add("cause", header.cause.map { .string($0) })
        add("expiresAt", header.expiresAt.map { .number(JSONNumber($0)) })
        return .object(object)
    }

    private var summary: String {
        if header.type == OCPPMessage.type, let frame = payload["frame"]?.asString {
            let arrow = payload["direction"]?.asString == OCPPMessage.Direction.sent.rawValue ? "-->" : "<--"
            let action = payload["action"]?.asString ?? ""
            let latency = payload["latencyMicroseconds"]?.asInt.map { "  (\($0) µs)" } ?? ""
            return "\(arrow) \(payload["kind"]?.asString ?? "") \(action) \(frame)\(latency)"
        }
        return Self.flat(payload)
    }

    /// `name=value` for each member; what is empty or absent is left out.
    static func flat(_ value: JSONValue) -> String {
        guard let object = value.asObject else { return plain(value) }
        return object.members.compactMap { member in
            let value = member.value
            if value.isNull { return nil }
            if let list = value.asArray, list.isEmpty { return nil }
            return "\(member.key)=\(plain(value))"
        }.joined(separator: " ")
    }

    private static func plain(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text.isEmpty || text.contains(where: \.isWhitespace) ? "\"\(text)\"" : text
        case .array(let list): "[" + list.map(plain).joined(separator: ",") + "]"
        case .object: "{" + flat(value) + "}"
        case .number(let number):
            // Milliseconds since 1970 of any time from 2020 on; nothing else on the bus is as large.
            if let milliseconds = number.asInt64, (1_577_836_800_000..<253_402_300_800_000).contains(milliseconds) {
                Timestamp(millisecondsSinceEpoch: milliseconds).description
            } else {
                number.text
            }
        case .null, .bool: value.description
        }
    }
}

/// `text` without what would begin a new line or steer a terminal: that is shown as in source code.
func singleLine(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: \.steersText) else { return text }
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        if scalar.steersText { line += scalar.escaped(asASCII: true).unicodeScalars } else { line.append(scalar) }
    }
    return String(line)
}

/// `text` with spaces up to `width` characters.
func padded(_ text: String, to width: Int) -> String {
    text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
}

/// What every text that fits `pattern` begins with: a publisher is asked for no more than that.
func beginning(of pattern: String) -> String {
    let fixed = pattern.prefix { $0 != "*" }
    // A publisher takes topics up to a length; whatever begins with the whole begins with a part of it.
    return fixed.utf8.count <= BusLimits.topicBytes ? String(fixed) : ""
}

/// Whether a topic fits `pattern`: it, or one below it, is what the pattern names, in which `*` stands for anything. A dot at the end is that of
/// the topics below: whoever subscribes on the bus itself writes it.
func fits(_ topic: String, pattern: String) -> Bool {
    matches(topic, pattern: pattern) || matches(topic, pattern: pattern + (pattern.hasSuffix(".") ? "*" : ".*"))
}

/// Linear in practice: backs up to the last star only.
private func matches(_ text: String, pattern: String) -> Bool {
    let text = Array(text.utf8)
    let pattern = Array(pattern.utf8)
    var position = 0
    var index = 0
    var star: (index: Int, position: Int)?
    while position < text.count {
        if index < pattern.count, pattern[index] == UInt8(ascii: "*") {
            star = (index, position)
            index += 1
        } else if index < pattern.count, pattern[index] == text[position] {
            index += 1
            position += 1
        } else if let last = star {
            star = (last.index, last.position + 1)
            index = last.index + 1
            position = last.position + 1
        } else {
            return false
        }
    }
    return pattern[index...].allSatisfy { $0 == UInt8(ascii: "*") }
}
