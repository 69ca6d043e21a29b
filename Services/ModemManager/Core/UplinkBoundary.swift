public import BusSchema
public import Primitives

/// Which kind of addresses, and of routes for them: a way for one carries nothing of the other.
public enum AddressFamily: Equatable, Sendable {
    /// IPv4.
    case four
    /// IPv6.
    case six

    /// - Parameter address: in digits.
    init(of address: String) { self = address.contains(":") ? .six : .four }
}

/// One network interface as the operating system shows it.
public struct InterfaceReading: Equatable, Sendable {
    public var name: String
    public var isLoopback: Bool
    /// Switched on, with a carrier.
    public var isRunning: Bool
    /// Has an address that reaches beyond the link (neither 169.254.0.0/16 nor fe80::/10).
    public var hasAddress: Bool
    /// The first such address, as text; one of IPv4 where there is any.
    public var address: String?
    /// Of which families a default route goes over it; nil when the kernel does not say.
    public var defaultRoutes: Set<AddressFamily>?
    /// Over which gateways of IPv4 its default routes lead, in digits; nil when the kernel does not say.
    public var gateways: Set<String>?
    /// Longest packet, bytes; nil when it does not say.
    public var mtu: Int?
    /// Received and sent since the interface is there; nil when it does not say.
    public var bytes: Int64?
    /// Whether it is that of an uplink by the site's file, or by what the uplink was told at run time: then it is nobody else's.
    public var isTaken = false

    public init(
        name: String,
        isLoopback: Bool = false,
        isRunning: Bool,
        hasAddress: Bool,
        address: String? = nil,
        defaultRoutes: Set<AddressFamily>? = nil,
        bytes: Int64? = nil
    ) {
        self.name = name
        self.isLoopback = isLoopback
        self.isRunning = isRunning
        self.hasAddress = hasAddress
        self.address = address
        self.defaultRoutes = defaultRoutes
        self.bytes = bytes
    }

    /// Whether a default route of the family of `address` goes over it; nil when nobody says, or there is no address.
    public var hasDefaultRoute: Bool? {
        guard let defaultRoutes, let address else { return nil }
        return defaultRoutes.contains(AddressFamily(of: address))
    }
}

public enum UplinkEvent: Equatable, Sendable {
    /// Once, first.
    case started
    /// The answer to `readInterfaces`; complete.
    case interfacesRead([InterfaceReading])
    /// The other answer to `readInterfaces`.
    case interfacesUnreadable(String)
    /// The kernel reports a change, without details.
    case addressesChanged
    /// For the carrier of one uplink.
    case carrier(uplink: String, CarrierEvent)
    /// The answer to `probe` with this number.
    case probed(number: Int, ProbeOutcome)
    case reported(RequestID, UplinkReport)
    case simulationRequested(RequestID, SimulateUplink)
    /// The gateway says of a connector whether energy is or may be sold there.
    case connectorTold(id: Int, hasTransaction: Bool)
    /// The gateway came, or said farewell: what it told before is worth nothing.
    case gatewayChanged
    /// The answer to `askForTransactions` of that uptime: of each connector whether energy is or may be sold there. There may be none.
    case transactionsTold(question: Duration, [Int: Bool])
    /// What `persist` asked for is not on disk.
    case persistFailed(reason: String)
    /// The process is asked to end.
    case terminationRequested
}

/// What the machine wants done, in the order given.
public enum UplinkEffect: Equatable, Sendable {
    /// To be on disk before anything else happens. A failure is taken back and told as `persistFailed`.
    case persist(UplinkMemory)
    case readInterfaces
    /// For whoever performs the effects of that uplink's carrier.
    case carrier(uplink: String, CarrierEffect)
    /// Ask for the central system's name and dial its port, both through this interface; answered by `probed` within a minute.
    /// - `nameServers`: in digits; none means that the system's resolver is asked.
    case probe(number: Int, interface: String, nameServers: [String])
    /// An `UplinkState` or `UplinkChanged`.
    case publish(AnyBusMessage)
    /// Keep it in the journal of causes, as long as there is room.
    case record(UplinkHistory.Entry)
    /// Answer the request with `Done`.
    case accept(RequestID)
    case refuse(RequestID, BusError)
    case log(LogRecord)
    /// Ask the gateway whether energy is or may be sold, so that its answer tells of a time after this one.
    case askForTransactions(at: Duration)
    /// Start the machine anew: the last step of a ladder.
    case rebootHost(reason: String)
    /// Nothing more is to be done: the process may end.
    case finish
}
