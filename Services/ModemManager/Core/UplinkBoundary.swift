public import BusSchema
public import Primitives

/// One network interface as the operating system shows it.
public struct InterfaceReading: Equatable, Sendable {
    public var name: String
    public var isLoopback: Bool
    /// Switched on, with a carrier.
    public var isRunning: Bool
    /// Has an address that reaches beyond the link (neither 169.254.0.0/16 nor fe80::/10).
    public var hasAddress: Bool

    public init(name: String, isLoopback: Bool = false, isRunning: Bool, hasAddress: Bool) {
        self.name = name
        self.isLoopback = isLoopback
        self.isRunning = isRunning
        self.hasAddress = hasAddress
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
    case reported(RequestID, UplinkReport)
    case simulationRequested(RequestID, SimulateUplink)
    /// The process is asked to end.
    case terminationRequested
}

/// What the machine wants done, in the order given.
public enum UplinkEffect: Equatable, Sendable {
    case readInterfaces
    /// An `UplinkState` or `UplinkChanged`.
    case publish(AnyBusMessage)
    /// Answer the request with `Done`.
    case accept(RequestID)
    case refuse(RequestID, BusError)
    case log(LogRecord)
    /// Nothing more is to be done: the process may end.
    case finish
}
