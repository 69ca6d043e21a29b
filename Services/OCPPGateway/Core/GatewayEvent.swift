public import BusSchema
public import OCPP

/// Facts for the gateway.
public enum GatewayEvent: Equatable, Sendable {
    /// The shell is ready: bus open, journal read.
    case started
    /// The program is asked to end.
    case terminationRequested

    /// Something about the socket to the central system.
    case link(ConnectionMachine.Event)
    /// Whether the central system refused the password that was set last, so that an older one is used.
    case passwordDoubted(Bool)
    /// A text message of the central system.
    case message(IncomingMessage)

    case uplink(UplinkState)
    case announced(Announce)
    case configValues(ConfigValues)
    /// The config store's answer to `declareKeys`.
    case declared(Result<ConfigDeclare.Reply, BusError>)
    /// The config store's answer to `store` or `storeSecret` of that number.
    case stored(number: Int, Result<ConfigSet.Reply, BusError>)

    /// hardware-io's answer to `restartHardware`: it is about to end, or why it is not.
    case hardwareRestartAnswered(Result<Done, BusError>)
    /// Nobody can be asked to boot the machine.
    case machineBootFailed(reason: String)

    /// A document is on disk as it was given to `save`.
    case saved(document: String)
    /// A document could not be saved; the one before it holds.
    case saveFailed(document: String, reason: String)

    /// The host's clock was not to be trusted at the start, and is now: somebody keeps it in step.
    case hostClockTrusted
    /// Facts from hardware-io and from the journal.
    case charging(ChargingMachine.Event)
    /// Somebody asks over the bus; the answer is `replied` under the same number.
    case asked(number: Int, GatewayRequest)
    /// What `readRecords` found.
    case recordsRead(RecordQuery, [QueueEntry])
    case recordsNotRead(RecordQuery, reason: String)
}

extension GatewayEvent {
    /// What a message of another service means; nil when it is none of the gateway's business.
    public init?(_ message: AnyBusMessage) {
        switch message.value {
        case let announce as Announce: self = .announced(announce)
        case let state as ConnectorState: self = .charging(.hardwareConnector(state))
        case let reading as MeterReading: self = .charging(.hardwareMeter(reading))
        case let reader as ReaderState: self = .charging(.hardwareReader(reader))
        case let card as CardPresented: self = .charging(.cardPresented(card))
        case let uplink as UplinkState: self = .uplink(uplink)
        case let values as ConfigValues where values.owner == .ocppGateway: self = .configValues(values)
        default: return nil
        }
    }
}
