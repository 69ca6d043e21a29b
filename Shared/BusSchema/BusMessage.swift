/// Anything that travels on the bus. The type name is its identity on the wire and never changes meaning.
public protocol BusMessage: Codable, Equatable, Sendable {
    /// Dotted name, `<publisher>.<noun>`; also the topic, or its beginning when there are instances.
    static var type: String { get }

    /// Which of several things of one type this is about (a connector, a reader, a service); the last part of the topic.
    var instance: String? { get }
}

extension BusMessage {
    public var instance: String? { nil }

    /// What subscribers filter by: the type, and the instance if there is one: `hardware.connector.1`.
    public var topic: String { instance.map { "\(Self.type).\($0)" } ?? Self.type }
}

/// Retained: the newest value per topic is sent again to every new subscriber. Always complete, never a delta.
public protocol BusState: BusMessage {}

/// Happened once. Nobody may rely on having seen it.
public protocol BusEvent: BusMessage {}

/// Asks one service for something, with a deadline; idempotent. Fails closed on anything unknown.
public protocol BusRequest: BusMessage {
    associatedtype Reply: BusReply

    /// The service that answers it.
    static var server: ServiceName { get }

    /// Who may ask for it. Decided by the socket that a request comes through, and so by the groups of whoever sends it: what a header
    /// says about its source is not asked.
    static var access: BusAccess { get }

    /// Whether it speaks for the service that its header names as its source. Then it is taken only from the process that is that service,
    /// as the kernel and the lock of the service say.
    static var speaksForItsSource: Bool { get }
}

extension BusRequest {
    public static var speaksForItsSource: Bool { false }
}

/// Who may send a request.
public enum BusAccess: Hashable, Sendable {
    /// People and scripts that may command the charger, and the services.
    case people
    /// Only the services among each other: what commands hardware, or speaks for a service.
    case services
}

/// The answer to a request. Travels under the request's type.
public protocol BusReply: Codable, Equatable, Sendable {}

/// A reply without content: done.
public struct Done: BusReply {
    public init() {}
}

/// A string from an open set: values of newer versions pass through unharmed, and a receiver that must decide treats them as unknown.
public protocol OpenEnum: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible
where RawValue == String {
    init(rawValue: String)
}

extension OpenEnum {
    public var description: String { rawValue }
}

/// The services, by the name of their executable.
public struct ServiceName: OpenEnum {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let hardwareIO = ServiceName(rawValue: "hardware-io")
    public static let ocppGateway = ServiceName(rawValue: "ocpp-gateway")
    public static let modemManager = ServiceName(rawValue: "modem-manager")
    public static let configStore = ServiceName(rawValue: "config-store")
    public static let chargectl = ServiceName(rawValue: "chargectl")

    /// The four daemons, in the order that people read them.
    public static let daemons: [ServiceName] = [.ocppGateway, .hardwareIO, .modemManager, .configStore]
}

/// A message of any type, comparable, so that effects and events can carry it as a value.
public struct AnyBusMessage: Equatable, Sendable {
    public let value: any BusMessage

    public init(_ value: some BusMessage) { self.value = value }

    public static func == (left: AnyBusMessage, right: AnyBusMessage) -> Bool {
        func equals<M: BusMessage>(_ message: M) -> Bool { message == right.value as? M }
        return equals(left.value)
    }
}
