public import BusSchema
public import Primitives

/// What keeps one uplink up: a pure machine of one kind (`static`, `simulated`, a modem). Kinds are added like drivers: a type that conforms, and
/// its line in the table of the daemon. The machine of the uplink asks it for `condition` after every event and knows no kind by name.
///
/// A carrier brings its uplink up by itself when it starts. When it cannot go on, it says so with the `remedy` of its condition and waits: how
/// often and how hard is tried again is decided by the ladder, which orders a `RecoveryStep`.
public protocol Carrier: Sendable {
    /// As the site's file calls it.
    var kind: String { get }
    var condition: CarrierCondition { get }
    /// What it can be ordered to do; empty where somebody else keeps the uplink up. `hostReboot` is never among them.
    var steps: Set<RecoveryStep> { get }
    /// Whether it wants the interfaces of the operating system.
    var readsInterfaces: Bool { get }
    var nextDeadline: Deadline? { get }

    mutating func handle(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect]
    mutating func deadlineReached(at moment: Moment) -> [CarrierEffect]
}

extension Carrier {
    public var nextDeadline: Deadline? { nil }
    public mutating func deadlineReached(at moment: Moment) -> [CarrierEffect] { [] }
}

/// Where a carrier stands.
public struct CarrierCondition: Equatable, Sendable {
    /// What helps a link that is not up.
    public enum Remedy: String, Equatable, Sendable, CaseIterable {
        /// Nothing is needed: it is up, or the carrier is at work on it.
        case none
        /// It has failed, and waits for a step of the ladder.
        case recovery
        /// It waits for the network (it searches, or is denied): no fault of the device, and only the radio may be started anew, seldom.
        case patience
        /// Only a person helps (no SIM, a PIN that is refused, a wrong setting): no step is taken.
        case person
    }

    public var link: UplinkState.Link
    /// Why, for people.
    public var detail: String
    public var remedy: Remedy
    /// What carries it, where known.
    public var interface: String?
    /// The address of this side, as text; a change of it ends connections that use the old one.
    public var address: String?
    /// Of the network behind it, in digits; empty where the system's resolver is as good.
    public var nameServers: [String]
    /// Of a modem; nil where there is none.
    public var radio: RadioReport?
    /// From the beginning of the data connection to its address, the last time; nil where nobody saw that.
    public var addressTook: Duration?
    /// A setting that cannot be right, in a sentence for the log; nil when there is none.
    public var complaint: String?

    public init(
        link: UplinkState.Link,
        detail: String,
        remedy: Remedy = .none,
        interface: String? = nil,
        address: String? = nil,
        nameServers: [String] = [],
        radio: RadioReport? = nil,
        complaint: String? = nil
    ) {
        self.link = link
        self.detail = detail
        self.remedy = remedy
        self.interface = interface
        self.address = address
        self.nameServers = nameServers
        self.radio = radio
        self.complaint = complaint
    }
}

/// What a modem knows of itself and of its network. All may be shown to people; nothing here is secret.
public struct RadioReport: Equatable, Sendable {
    /// Where on its way a modem is kept from going on.
    public enum Obstacle: Equatable, Sendable {
        /// It is not there, does not answer, or whoever has it does not.
        case modem
        case sim
        /// No network, or none that lets it in.
        case registration
        /// It is registered, and gets no data connection.
        case data
    }

    /// How far a modem comes on its way into a network.
    public struct Way: Equatable, Sendable {
        /// Whether the network has let it in; nil where nobody says. Operator and technology are those of the network that has.
        public var isRegistered: Bool?
        /// What it does not come past; nil where nothing keeps it.
        public var obstacle: Obstacle?

        public init(isRegistered: Bool? = nil, obstacle: Obstacle? = nil) {
            (self.isRegistered, self.obstacle) = (isRegistered, obstacle)
        }
    }

    /// 0…100; nil when nothing is measured.
    public var signalPercent: Int?
    /// RSRP of LTE, RSSI otherwise, dBm.
    public var signalDbm: Int?
    /// `LTE`, `3G` …, as people call it.
    public var technology: String?
    public var operatorName: String?
    /// MCC and MNC, five or six digits.
    public var operatorCode: String?
    /// Area code and cell as the modem gives them: `00C3/0000A7B2`.
    public var cell: String?
    public var iccid: String?
    public var imsi: String?
    /// What the network or the modem gave last as the reason of an end or a refusal.
    public var cause: String?
    /// How far it comes on its way into a network.
    public var way = Way()
    /// How long the modem took to open the SIM, and from there to be registered, the last time; nil where nobody saw that.
    public var simTook: Duration?
    public var registrationTook: Duration?

    public init(signalPercent: Int? = nil) { self.signalPercent = signalPercent }
}

/// How a program that a carrier ran came to its end.
public enum ChildExit: Equatable, Sendable {
    /// By itself, with this code.
    case code(Int)
    case signal(Int)
    /// It could not be started.
    case notStarted(reason: String)
    /// It was adopted from a process before this one, which alone could learn how it ended.
    case unknown
}

/// What the disk holds for a carrier that starts.
public struct CarrierPast: Equatable, Sendable {
    /// The document that it stored last; nil when there is none.
    public var stored: [UInt8]?
    /// Those of other uplinks of its kind by their names, also of uplinks that are in the site's file no more.
    public var elsewhere: [String: [UInt8]]
    /// Whether something was there that could not be read: its own last document, or one that no uplink of the file has.
    public var isDamaged: Bool

    public init(stored: [UInt8]? = nil, elsewhere: [String: [UInt8]] = [:], isDamaged: Bool = false) {
        (self.stored, self.elsewhere, self.isDamaged) = (stored, elsewhere, isDamaged)
    }
}

/// Facts for one carrier. Lines, programs and pins are told apart by the names that the carrier gave them (`at`, `data`, `pppd`, `powerKey`).
public enum CarrierEvent: Equatable, Sendable {
    /// Once, first, with what is known from the time before, and the programs of its own that run already, because a process before this one had
    /// started them.
    case started(CarrierPast, running: [String])
    /// Before `started`: a process before this one has given that interface an address (`CarrierEffect.configure`), and nobody has taken it away.
    case addressGiven(interface: String)
    /// Complete; only for carriers that read interfaces.
    case interfacesRead([InterfaceReading])
    case interfacesUnreadable(String)
    case line(String, LineEvent)
    /// What a program wrote, cut anywhere.
    case childWrote(String, [UInt8])
    /// The network interface of the device that its line belongs to, before `interfacesRead`; only for carriers that read interfaces, and where
    /// there is one.
    case interfaceFound(String)
    case childEnded(String, ChildExit)
    /// The document that it asked for last is on disk.
    case stored
    case storeFailed(reason: String)
    /// Another uplink asked for its document to be stored: it takes the place of that one's in `CarrierPast.elsewhere`, whatever the disk says.
    case storedElsewhere(uplink: String, [UInt8])
    /// The pulse that it asked for is over, or the pin stands as it asked for; false when the pin could not be driven.
    case pulsed(pin: String, Bool)
    /// Take this step now.
    case ordered(RecoveryStep)
    /// A request of people; carriers that are no simulation never see one.
    case simulated(up: Bool?, signalPercent: Int?)
    /// This process ends. What is up stays up, for the next one to adopt.
    case terminationRequested
}

/// What a carrier wants done, in the order given.
public enum CarrierEffect: Equatable, Sendable {
    case line(String, LineOrder)
    /// Opens the line, or gives it to somebody else (`pppd`); what becomes of it is told by `.line`.
    case openLine(String)
    case closeLine(String)
    /// Runs a program of this name; one that runs already is kept. Its first argument is an absolute path.
    case spawn(String, arguments: [String])
    /// Runs a program that answers and ends, within this time or by us: what it writes is told by `.childWrote` before `.childEnded`.
    case run(String, arguments: [String], within: Duration)
    /// Asks it to end, and ends it when it has not ended after some seconds.
    case endChild(String)
    /// Asks a program that renews what it has got to do so now (a DHCP client its lease), and with that what it made of it. Not answered.
    case renew(String)
    /// Drives the pin to its active level for so long, and back.
    case pulse(pin: String, Duration)
    /// Drives the pin to its active level, or not, and keeps it there; answered by `.pulsed`, also when it comes back after it was lost.
    case drive(pin: String, Bool)
    /// Makes this interface a way to everywhere, for programs that are bound to none; preferred ones have a lower metric. Not answered.
    case addDefaultRoute(interface: String)
    /// Switches the interface on, gives it this address alone, and makes it a way to everywhere. Not answered: what comes of it is read.
    case configure(interface: String, InterfaceAddress)
    /// Takes the addresses of that interface away.
    case clearAddresses(interface: String)
    /// To be on disk before anything else happens; answered by `.stored` or `.storeFailed`. Small, the whole of what it must know again.
    case store([UInt8])
    case log(LogRecord)
}

/// What an interface is given by whoever has its connection.
public struct InterfaceAddress: Equatable, Sendable {
    /// IPv4, in digits.
    public var address: String
    /// 0…32.
    public var prefixLength: Int
    /// In digits; nil on a link that has two ends.
    public var gateway: String?
    /// Nil leaves it as it is.
    public var mtu: Int?

    public init(address: String, prefixLength: Int, gateway: String? = nil, mtu: Int? = nil) {
        self.address = address
        self.prefixLength = prefixLength
        self.gateway = gateway
        self.mtu = mtu
    }
}
