internal import Primitives

// What a line of a modem is: a final result, part of an answer, or something that it says by itself.

/// A line that ends a command (ITU-T V.250 §5.7.1, table 1; 3GPP TS 27.007 §9.2).
struct ATFinal: Equatable, Sendable {
    let result: ATResult

    /// - Parameters:
    ///   - line: without blanks around it.
    ///   - isDial: whether a call is being made, so that its end is the command's.
    ///   - isNumeric: whether the modem may still be set to numbers in place of words (`ATV0`).
    init?(_ line: String, isDial: Bool, isNumeric: Bool) {
        switch line {
        case "OK": result = .ok
        case "ERROR", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS": result = .error
        case "0" where isNumeric: result = .ok
        case "4" where isNumeric: result = .error
        case "NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE":
            guard isDial else { return nil }
            result = .callFailed(line)
        default:
            if let text = line.behind("+CME ERROR:") ?? line.behind("+CMS ERROR:") {
                result = .equipmentError(EquipmentError(text))
            } else if isDial, line == "CONNECT" || line.hasPrefix("CONNECT ") {
                result = .connect(String(line.dropFirst(8).prefix(64)))
            } else {
                return nil
            }
        }
    }
}

extension ATCommand {
    /// The commands that are sent before `ATV1` has been answered.
    var mayBeNumeric: Bool { ["", "E0", "V1"].contains(text) }

    /// What a line adds to the answer of this command; nil when it does not belong to it.
    func content(of line: String, isFirst: Bool) -> String? {
        switch answer {
        case .nothing: return nil
        case .prefixed(let prefix):
            guard let content = line.behind(prefix + ":") else { return nil }
            return Self.registrations.contains(prefix) && !(isFirst && content.isRegistrationAnswer) ? nil : content
        case .bare(let prefix):
            if let content = line.behind(prefix + ":") { return content }
            return line.looksUnsolicited ? nil : line
        }
    }

    private static let registrations = ["+CREG", "+CGREG", "+CEREG", "+C5GREG"]
}

extension String {
    /// What stands behind `prefix`, without blanks around it; nil where the text begins otherwise.
    func behind(_ prefix: String) -> String? {
        guard hasPrefix(prefix) else { return nil }
        return String(dropFirst(prefix.count).trimmingBlanks())
    }

    /// Whether it looks like what modems say of themselves: a name with one of their marks, or one of some words of theirs.
    var looksUnsolicited: Bool {
        guard let first else { return false }
        return "+^*$#%&!".contains(first) || Self.words.contains { hasPrefix($0) }
    }

    /// Said by modems of several vendors at their start and end, and when calls come and go.
    private static let words = [
        "RDY", "SMS DONE", "SMS READY", "PB DONE", "Call Ready", "SMS Ready", "READY", "APP RDY", "RING", "NO CARRIER",
        "POWERED DOWN",
        "NORMAL POWER DOWN", "UNDER-VOLTAGE", "OVER-VOLTAGE", "CONNECT", "BUSY", "STIN:", "NITZ", "DST:",
    ]

    /// `n,stat…` answers a question, `stat[,"area","cell",…]` is said by the modem of itself (3GPP TS 27.007 §10.1.22).
    fileprivate var isRegistrationAnswer: Bool {
        let fields = ATFields(self)
        guard let status = fields.number(1), fields[1]?.text.utf8.count ?? 0 <= 2 else { return false }
        return (0...11).contains(status)
    }
}

/// Lets so many lines through in a second: a modem that says the same thing endlessly must not keep its service busy.
struct FloodGate: Equatable, Sendable {
    static let limit = 40
    static let window = Duration.seconds(1)

    private var count = 0
    private var missed = 0
    /// When the window ends, uptime.
    private(set) var reopens = Duration.zero

    mutating func lets(at uptime: Duration) -> Bool {
        if uptime >= reopens, missed == 0 {
            count = 0
            reopens = uptime + Self.window
        }
        guard count < Self.limit else {
            missed += 1
            return false
        }
        count += 1
        return true
    }

    /// How many lines it kept back since the window began; nil when none.
    mutating func close() -> Int? {
        defer { (count, missed, reopens) = (0, 0, .zero) }
        return missed == 0 ? nil : missed
    }
}
