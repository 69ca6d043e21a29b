internal import Primitives
internal import UplinkCore

/// How `pppd` ended, in words, and whether trying again can help (pppd(8), EXIT STATUS).
struct PPPExit: Equatable {
    let words: String
    let remedy: CarrierCondition.Remedy
    /// When it is tried again where only a person helps: who has mended it tells nobody. The machine may also have been short of processes.
    private(set) var again: Duration?

    var nextDeadline: Deadline? { Deadline(at: again, for: "what a person may have mended is tried again") }

    /// The same, tried again by itself where nobody else does.
    func followed(at uptime: Duration) -> PPPExit {
        var exit = self
        exit.again = remedy == .person ? uptime + ModemMachine.personInterval : nil
        return exit
    }

    /// Whether it is to be tried again now.
    func isDue(at uptime: Duration) -> Bool { again.map { $0 <= uptime } ?? false }

    init(_ exit: ChildExit) {
        switch exit {
        case .code(let code): (words, remedy) = Self.words(of: code)
        case .signal(let number): (words, remedy) = ("pppd was ended by signal \(number)", .recovery)
        case .notStarted(let reason): (words, remedy) = ("pppd does not start: \(reason)", .person)
        case .unknown: (words, remedy) = ("pppd has ended", .recovery)
        }
    }

    /// The client that gets the address of a network interface; it is to go on for ever.
    init(ofDHCP exit: ChildExit) {
        switch exit {
        case .code(let code): (words, remedy) = ("the DHCP client ended with code \(code)", .recovery)
        case .signal(let number): (words, remedy) = ("the DHCP client was ended by signal \(number)", .recovery)
        case .notStarted(let reason): (words, remedy) = ("the DHCP client does not start: \(reason)", .person)
        case .unknown: (words, remedy) = ("the DHCP client has ended", .recovery)
        }
    }

    private static func words(of code: Int) -> (String, CarrierCondition.Remedy) {
        switch code {
        case 0, 5: ("the connection was ended from this side", .recovery)
        case 2: ("pppd refuses its options", .person)
        case 3: ("pppd lacks the right to run", .person)
        case 4: ("the kernel has no PPP", .person)
        case 6: ("the port for data is taken by another program", .recovery)
        case 7: ("the port for data does not open", .recovery)
        case 8: ("the modem refused the call", .recovery)
        case 10: ("the network did not agree on PPP", .recovery)
        case 11, 19: ("the network refused name or password", .recovery)
        case 12: ("nothing was sent for long", .recovery)
        case 15: ("the network did not answer any more", .recovery)
        case 16: ("the modem hung up", .recovery)
        case 17: ("the port for data gives back what is sent", .recovery)
        default: ("pppd ended with code \(code)", .recovery)
        }
    }
}
