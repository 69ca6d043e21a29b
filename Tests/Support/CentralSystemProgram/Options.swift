import CentralSystem
import OCPP
import Storage

/// The command line, read and checked.
struct Options {
    enum Mode {
        case serve
        /// Ask a running one through its control socket.
        case ask(socket: String, words: [String], isRaw: Bool)
        case help
        case version
    }

    var mode = Mode.serve
    var port: UInt16 = 0
    var portFile: String?
    var control: String?
    var readsStandardInput = false
    var logFile: String?
    var isQuiet = false
    var settings = CentralSystemSettings()
    /// Those that may connect; everybody when empty. Others get 404.
    var identities: Set<String> = []
    /// What charge points must give in HTTP Basic authentication, beside their identity as user name; nil asks for nothing.
    var password: [UInt8]?
    /// What to prove itself with to charge points, both in PEM; nil for plain connections.
    var tls: (certificates: [UInt8], key: [UInt8])?

    static let usage = """
        usage: central-system [OPTION...]                 serves charge points on 127.0.0.1
               central-system --ask SOCKET COMMAND...     asks a running one; 'help' instead of COMMAND lists them

        --port N             TCP port; 0 (the default) lets the system choose one
        --port-file FILE     writes the port there once it listens
        --control SOCKET     takes commands on that Unix socket
        --stdin              takes commands on standard input, answers on standard output
        --boot PLAN          accepted (default), pending:N or rejected:N
        --interval S         heartbeat interval in BootNotification.conf (300), and the one for retries (1) unless given
        --retry-interval S   interval for retries
        --known              charge points count as registered already
        --tag ID=Status[,P]  what is known about an idTag; all others are Accepted. May be repeated.
        --unknown-tags S     status of all others
        --first-id N         first transactionId (1)
        --only IDENTITY      who may connect, others get 404. May be repeated.
        --password TEXT      HTTP Basic authentication with the identity as user
        --authorization-key HEX   the same, with the key as OCPP writes it
        --tls CERTS KEY      encrypts connections: files in PEM, the own certificate first and those of its issuers after it
        --answer-timeout S   how long charge points may take (30)
        --log FILE           every message as a line of JSON
        --quiet              no conversation on standard output
        """

    /// - Throws: `ControlError` in words.
    init(_ arguments: [String]) throws(ControlError) {
        var arguments = Arguments(arguments)
        var retryInterval: Int?
        while let option = arguments.next() {
            switch option {
            case "--help", "-h": mode = .help
            case "--version": mode = .version
            case "--ask":
                let socket = try arguments.value()
                mode = .ask(
                    socket: socket,
                    words: arguments.rest.filter { $0 != "--raw" },
                    isRaw: arguments.rest.first == "--raw"
                )
                return
            case "--port": port = UInt16(try arguments.number(0...65_535))
            case "--port-file": portFile = try arguments.value()
            case "--control": control = try arguments.value()
            case "--stdin": readsStandardInput = true
            case "--boot": settings.registration = try .init(words: try arguments.value())
            case "--interval":
                settings.heartbeatIntervalSeconds = try arguments.number(0...1_000_000)
                settings.retryIntervalSeconds = settings.heartbeatIntervalSeconds
            case "--retry-interval": retryInterval = try arguments.number(0...1_000_000)
            case "--known": settings.knowsEveryone = true
            case "--tag":
                let (idTag, info) = try Command.tag(option: try arguments.value())
                settings.tags[idTag] = info
            case "--unknown-tags":
                let text = try arguments.value()
                guard let status = AuthorizationStatus(rawValue: text) else {
                    throw ControlError("\(option): '\(text)' is no status of an idTag")
                }
                settings.unknownTagStatus = status
            case "--first-id": settings.firstTransactionId = try arguments.number(0...1_000_000_000)
            case "--only": identities.insert(try arguments.value())
            case "--password": password = Array(try arguments.value().utf8)
            case "--authorization-key": password = try Self.bytes(hexadecimal: try arguments.value(), option)
            case "--tls":
                tls = (try Self.content(of: try arguments.value()), try Self.content(of: try arguments.value()))
            case "--answer-timeout": settings.answerTimeout = .seconds(try arguments.number(1...100_000))
            case "--log": logFile = try arguments.value()
            case "--quiet": isQuiet = true
            default: throw ControlError("unknown option '\(option)'; --help lists all")
            }
        }
        if let retryInterval { settings.retryIntervalSeconds = retryInterval }
    }

    private static func content(of path: String) throws(ControlError) -> [UInt8] {
        do throws(SmallFileError) {
            return try SmallFile(path, maximumBytes: 1 << 20).read(from: .chosen)
        } catch {
            throw ControlError("\(error)")
        }
    }

    private static func bytes(hexadecimal text: String, _ option: String) throws(ControlError) -> [UInt8] {
        let digits = text.map(\.hexDigitValue)
        guard digits.count % 2 == 0, !digits.isEmpty else {
            throw ControlError("\(option): an even number of digits is expected")
        }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else {
                throw ControlError("\(option): hexadecimal digits are expected")
            }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}

/// The words of a command line, one after the other.
private struct Arguments {
    private var words: ArraySlice<String>
    private var option = ""

    init(_ words: [String]) { self.words = words[...] }

    /// All that is left.
    var rest: [String] { Array(words) }

    mutating func next() -> String? {
        guard let word = words.popFirst() else { return nil }
        option = word
        return word
    }

    /// The value of the option that was read last.
    mutating func value() throws(ControlError) -> String {
        guard let value = words.popFirst() else { throw ControlError("\(option) needs a value") }
        return value
    }

    mutating func number(_ range: ClosedRange<Int>) throws(ControlError) -> Int {
        let text = try value()
        guard let number = Int(text), range.contains(number) else {
            throw ControlError("\(option): '\(text)' is no number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
