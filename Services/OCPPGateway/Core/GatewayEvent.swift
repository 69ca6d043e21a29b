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
    /// A text message of the central system.
    case message(IncomingMessage)

    case uplink(UplinkState)
    case announced(Announce)
    case configValues(ConfigValues)
    /// The config store's answer to `declareKeys`.
    case declared(Result<ConfigDeclare.Reply, BusError>)
    /// The config store's answer to `store` or `storeSecret` of that number.
    case stored(number: Int, Result<ConfigSet.Reply, BusError>)

    /// Facts from hardware-io and from the journal.
    case charging(ChargingMachine.Event)
    /// A person asks for the dead letters to be sent again; the answer is `resent` under the same number.
    case resendRequested(number: Int)
}
