public import BusSchema

/// The four services, in the order in which the world lists them.
public enum Service: Int, CaseIterable, Sendable {
    case hardware, gateway, config, modem

    /// Its name on the bus.
    public var name: ServiceName {
        switch self {
        case .hardware: .hardwareIO
        case .gateway: .ocppGateway
        case .config: .configStore
        case .modem: .modemManager
        }
    }
}

/// What exists once per service.
struct PerService<Value> {
    private var values: [Value]

    init(_ value: Value) { values = Array(repeating: value, count: Service.allCases.count) }

    /// That of `service`.
    subscript(service: Service) -> Value {
        get { values[service.rawValue] }
        set { values[service.rawValue] = newValue }
    }
}
