internal import JSON
internal import Primitives
internal import UplinkCore

/// What one run of `mmcli` brought.
struct MMCLIAnswer: Equatable, Sendable {
    enum Failure: Equatable, Sendable {
        /// `mmcli` or ModemManager is not there: in words for people, who alone can mend it.
        case service(String)
        /// It takes no such order from us.
        case forbidden(String)
        /// The object is not there any more.
        case objectGone
        case refused(String)
        /// Nothing answered it: in words for people, or nil where it did not even end in time.
        case silent(String?)
    }

    /// Bytes of one answer that are kept; the longest seen has 3 KiB.
    static let mostBytes = 64 << 10

    /// Of POSIX.
    private static let (termination, kill) = (15, 9)

    var document: JSONValue?
    /// Nil when it did what it was to do.
    var failure: Failure?

    init(_ exit: ChildExit, _ output: [UInt8]) {
        switch exit {
        case .code(0): document = output.firstIndex(of: 0x7B).flatMap { try? JSON.parse(Array(output[$0...])) }
        case .code: failure = Failure(Self.explanation(output))
        // What ends a run that takes too long, first politely.
        case .signal(Self.termination), .signal(Self.kill), .unknown: failure = .silent(nil)
        case .signal(let number): failure = .silent("mmcli was ended by signal \(number)")
        case .notStarted(let reason): failure = .service("mmcli does not start: \(reason)")
        }
    }

    /// `error: couldn't …: 'GDBus.Error:org.freedesktop.ModemManager1.Error.Core.Failed: …'` without what nobody wants to read. Secrets may stand in
    /// it: the meaning of the words is found before those are hidden.
    private static func explanation(_ output: [UInt8]) -> String {
        let lines = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isNewline)
        let line = lines.last { $0.hasPrefix("error: ") }?.dropFirst(7) ?? lines.last ?? "no reason given"
        var text = String(line.prefix(1000))
        for noise in ["GDBus.Error:", "org.freedesktop.ModemManager1.Error.", "org.freedesktop.DBus.Error."] {
            guard let begin = text.position(of: noise) else { continue }
            text = String(text[..<begin]) + text[begin...].dropFirst(noise.count)
        }
        return text
    }
}

extension MMCLIAnswer.Failure {
    fileprivate init(_ text: String) {
        let missing = ["couldn't find the ModemManager process", "couldn't get bus", "couldn't create manager"]
        let gone = ["couldn't find modem", "couldn't find sim", "couldn't find bearer"]
        // What D-Bus itself says of a service that hangs, or that ended meanwhile.
        let silent = ["Timeout was reached", "NoReply"]
        let forbidden = ["Core.Unauthorized", "AccessDenied", "PolicyKit"]
        if missing.contains(where: { text.hasPrefix($0) }) {
            self = .service("ModemManager does not answer: \(text)")
        } else if forbidden.contains(where: { text.position(of: $0) != nil }) {
            self = .forbidden("ModemManager takes no orders from this service: \(text)")
        } else if gone.contains(where: { text.hasPrefix($0) }) {
            self = .objectGone
        } else if silent.contains(where: { text.position(of: $0) != nil }) {
            self = .silent(text)
        } else {
            self = .refused(text)
        }
    }
}

extension String {
    /// Where the other text begins in this one, the first time.
    func position(of other: String) -> Index? {
        indices.first { self[$0...].hasPrefix(other) }
    }
}
