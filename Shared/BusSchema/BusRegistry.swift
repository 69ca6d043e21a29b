/// Every message of the bus. A type that is not listed here does not exist: fixtures, tap and `chargectl call` go by this list.
public enum BusRegistry {
    /// Raised by one with every addition to the schema.
    public static let schemaVersion = 16

    public static let states: [any BusState.Type] = [
        Announce.self, ServiceHealth.self,
        ConnectorState.self, MeterReading.self, ReaderState.self, DeviceState.self,
        UplinkState.self,
        LinkState.self, ConnectorStatus.self, QueueState.self,
        ConfigValues.self,
    ]

    public static let events: [any BusEvent.Type] = [
        CardPresented.self, HardwareFault.self,
        UplinkChanged.self,
        OCPPMessage.self, DataTransferReceived.self,
        ConfigChanged.self,
    ]

    public static let requests: [any BusRequest.Type] = [
        ServiceTraffic.self,
        Permit.self, Lock.self, Unlock.self, Indicate.self, RestartHardware.self, ClearFault.self,
        ShowCard.self, TestHardware.self, SimulateHardware.self,
        UplinkReport.self, UplinkHistory.self, UplinkTest.self, SimulateUplink.self,
        GatewayStatus.self, ResendDeadLetters.self, ReadRecords.self,
        RegisterVendor.self, AnswerDataTransfer.self, SendDataTransfer.self,
        ConfigDeclare.self, ConfigGet.self, ConfigSet.self, ConfigHistory.self,
    ]

    /// The state, event or request of that name; nil when it is unknown here.
    public static func message(named type: String) -> (any BusMessage.Type)? { byName[type] }

    /// The request of that name.
    public static func request(named type: String) -> (any BusRequest.Type)? {
        requests.first { $0.type == type }
    }

    private static let byName: [String: any BusMessage.Type] = {
        var table: [String: any BusMessage.Type] = [:]
        for message in states as [any BusMessage.Type] + events + requests { table[message.type] = message }
        return table
    }()
}
