internal import Primitives

/// One command for a modem, without the `AT` before it and the CR behind it.
struct ATCommand: Equatable, Sendable {
    /// What lines an answer consists of, beside the final result.
    enum Answer: Equatable, Sendable {
        case nothing
        /// Lines that begin with this and a colon; all others were said by the modem of itself.
        case prefixed(String)
        /// Those, or lines that begin like no message of the modem's own (identities mostly come bare).
        case bare(prefix: String)
    }

    /// What may be shown of it.
    let text: String
    /// The rest of it, which may not.
    let hidden: Secret?
    let answer: Answer
    let timeout: Duration
    /// Whether CONNECT, BUSY and their like are its results, and not news of some other call (V.250 §5.7.1).
    let isDial: Bool
    /// Whether the modem may leave the OK out: the answer ends with so long a silence then.
    let silenceEndsIt: Bool

    init(
        _ text: String,
        hiding hidden: Secret? = nil,
        answer: Answer = .nothing,
        within timeout: Duration = .seconds(5),
        isDial: Bool = false,
        silenceEndsIt: Bool = false
    ) {
        self.text = text
        self.hidden = hidden
        self.answer = answer
        self.timeout = timeout
        self.isDial = isDial
        self.silenceEndsIt = silenceEndsIt
    }

    /// As it goes over the line, but for the CR.
    var wire: String { "AT" + text + (hidden?.exposed ?? "") }
    var shown: String { "AT" + text + (hidden == nil ? "" : "…") }

    /// A string parameter (V.250 §5.4.2.2): in quotation marks, with those and backslashes inside as hexadecimal. Control characters would
    /// end the command, and begin another one, and are left out.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\22"
            case "\\": quoted += "\\5C"
            case "\u{00}"..<"\u{20}", "\u{7F}": continue
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// How a command ended.
enum ATResult: Equatable, Sendable {
    case ok
    /// With what stands behind it, mostly the speed.
    case connect(String)
    case error
    /// `+CME ERROR` (3GPP TS 27.007 §9.2) or `+CMS ERROR` (27.005 §3.2.5).
    case equipmentError(EquipmentError)
    /// NO CARRIER, BUSY, NO ANSWER, NO DIALTONE.
    case callFailed(String)
    case timedOut
    /// The line closed, or the engine lost the modem, before an answer or even before it was sent.
    case abandoned

    /// For people; nil of a good end.
    var failure: String? {
        switch self {
        case .ok, .connect: nil
        case .error: "ERROR"
        case .equipmentError(let error): error.description
        case .callFailed(let text): text
        case .timedOut: "no answer"
        case .abandoned: "the line was lost"
        }
    }
}

struct ATAnswer: Equatable, Sendable {
    /// Without prefix, colon and blanks.
    var lines: [String]
    var result: ATResult

    var isGood: Bool { result.failure == nil }
}

/// An error of the modem or the network by its number, whichever way the modem spells it.
struct EquipmentError: Equatable, Sendable, CustomStringConvertible {
    /// Nil where the modem gave an unknown text.
    let code: Int?
    private let text: String

    init(_ text: String) {
        // Not cut before it is known whether a secret stands in it, of which a part would be left: the line is bounded.
        self.text = text
        code = Int(text) ?? Self.names.first { $0.value == text.lowercased() }?.key
    }

    var description: String {
        guard let code else { return text }
        return Self.names[code].map { "\($0) (\(code))" } ?? "error \(code)"
    }

    /// 3GPP TS 27.007 §9.2.1 and §9.2.2, and 27.005 where it has the same meaning.
    private static let names: [Int: String] = [
        3: "operation not allowed", 4: "operation not supported", 10: "sim not inserted", 11: "sim pin required",
        12: "sim puk required", 13: "sim failure", 14: "sim busy", 15: "sim wrong", 16: "incorrect password",
        30: "no network service", 31: "network timeout", 32: "network not allowed - emergency calls only",
        50: "incorrect parameters", 100: "unknown", 103: "illegal ms", 106: "illegal me",
        107: "gprs services not allowed",
        111: "plmn not allowed", 112: "location area not allowed", 113: "roaming not allowed in this location area",
        132: "service option not supported", 133: "requested service option not subscribed",
        134: "service option temporarily out of order", 148: "unspecified gprs error",
        149: "pdp authentication failure",
    ]

    /// Whether a PIN that was answered so may not have been looked at: there was no SIM to ask, or it was busy.
    var saysNothingOfPIN: Bool { [10, 13, 14].contains(code) }

    static let simMissing = 10
    static let pinNeeded = 11
    static let pukNeeded = 12
    static let simFailure = 13
    static let simBusy = 14
    static let wrongPassword = 16

    /// The network refuses this subscriber, device, place or operator: asking again soon only annoys it.
    var isRefusal: Bool { code.map { [103, 106, 107, 111, 112, 113].contains($0) } ?? false }
}
