public import Primitives

/// Facts for the machine of one modem.
public enum ModemEvent: Equatable, Sendable {
    /// Of the port that takes AT commands.
    case line(LineEvent)
    /// There is only one port, and its owner has closed it and gives it to `pppd`: until `.line(.opened)` nothing is known of the modem, and
    /// what was reported stays.
    case lineLent
    case ordered(ModemOrder)
    /// What the last `.store` asked for is on disk.
    case stored
    /// It is not, and nothing that depends on it may happen.
    case storeFailed(reason: String)
    /// The pulse that `.pressPowerKey` asked for has ended.
    case powerKeyPressed
    /// The switch between the slots of the SIMs stands as `.selectSIM` asked for.
    case simSelected(slot: Int)
    /// The data connection that `.dataReady` allowed has ended or did not come up; the reason is for people.
    case dataEnded(reason: String)
}

/// What the owner of the modem wants of it. Each order may come at any time; a later one takes the place of the one that is carried out.
public enum ModemOrder: Equatable, Sendable {
    /// From whatever state to a modem that is registered and may be dialled, and stay there. An order while it is there changes nothing.
    case bringUp
    /// Data is not wanted any more: the bearer of a USB network interface is given up, and nothing is asked of the modem until `bringUp`.
    case takeDown
    /// Data is wanted once more after `dataEnded`: answered by `.dataReady`, or by a report with a trouble.
    case connect
    /// Leave the packet network and join it again (`AT+CGATT=0`, `=1`).
    case reattach
    /// Radio off for 10 s, and on (`AT+CFUN=4`, `=1`).
    case cycleRadio
    /// Start the modem anew (the vendor's command, or `AT+CFUN=1,1`). The port disappears for 5…40 s.
    case reset
    /// An orderly end, before the supply is cut: takes up to 30 s, ends with `.line(.closed)` or silence.
    case powerOff
    /// Use the SIM in that slot, counted from 1.
    case switchSIM(slot: Int)
}

/// What the machine wants done, in the order given.
public enum ModemEffect: Equatable, Sendable {
    case line(LineOrder)
    /// Answered by `.stored` or `.storeFailed` when it is on disk or is not; several are answered in their order.
    case store(ModemMemory)
    /// Something of what may be shown changed; it is complete.
    case report(ModemReport)
    /// The modem is registered: the owner may dial (start `pppd`), or ask for an address on the USB network interface.
    case dataReady(DataContext)
    /// What `.dataReady` allowed holds no more; whoever dialled may end it.
    case dataWithdrawn(reason: String)
    /// The modem seems to be off: press its power key so long. Asked once for each `bringUp`; any more is the ladder's.
    case pressPowerKey(Duration)
    /// The slots are switched by a line of the owner's, and the radio is off now: answered by `.simSelected`.
    case selectSIM(slot: Int)
    case log(LogRecord)
}

/// What a machine must know again after a restart. Small; its owner keeps it as a document.
public struct ModemMemory: Codable, Equatable, Sendable {
    /// One PIN that was tried on one SIM.
    public struct Attempt: Codable, Equatable, Sendable {
        /// What became of it.
        public enum End: String, Codable, Sendable {
            /// The SIM refused it.
            case refused
            /// The modem took it, and the SIM stayed locked.
            case changedNothing
        }

        /// Of the SIM; where it could not be read before the PIN, `imei:` and that of the modem.
        public var sim: String
        /// Which PIN it was. Whoever reads it can find the PIN by trying all: the document is as secret as the file of the PIN.
        public var fingerprint: UInt64
        /// How many tries the SIM had left before it; nil where the modem did not say.
        public var triesBefore: Int?
        /// Nil where nobody saw it.
        public var end: End?
        /// The fewest tries that the SIM had left after it was refused; nil where nobody counted them.
        public var triesSeen: Int?
        /// How often it was made, the last time included, without that anybody saw its end; nil where that is known.
        public var unanswered: Int?

        public init(sim: String, fingerprint: UInt64, triesBefore: Int? = nil) {
            self.sim = sim
            self.fingerprint = fingerprint
            self.triesBefore = triesBefore
        }
    }

    /// How many attempts are remembered; the oldest of *other* SIMs are forgotten first.
    public static let limit = 16

    /// Oldest first. An attempt is here from before it is made, and goes when the SIM is open; one that was refused stays.
    public var attempts: [Attempt]
    /// The SIM in use; nil for the modem's own choice.
    public var slot: Int?
    /// Whether an earlier memory was lost that may have had attempts in it; nil for no. It stays until a person deletes the document.
    public var isInDoubt: Bool?

    public init(attempts: [Attempt] = [], slot: Int? = nil) {
        self.attempts = attempts
        self.slot = slot
    }
}

/// What whoever makes the data connection needs to know.
public struct DataContext: Equatable, Sendable {
    public enum Means: Equatable, Sendable {
        /// `pppd` on the port for data, whose chat sends this and waits for CONNECT.
        case dial(command: String)
        /// The modem's USB network interface carries data now; an address comes by DHCP.
        case networkInterface
    }

    public var means: Means
    public var profile: AccessProfile

    public init(means: Means, profile: AccessProfile) {
        self.means = means
        self.profile = profile
    }
}
