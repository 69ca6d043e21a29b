/// What is built in and how it behaves. Nothing here assumes one connector, a fixed cable or one reader.
public struct HardwareConfiguration: Equatable, Sendable {
    public var connectors: [ConnectorConfiguration]
    public var readers: [ReaderConfiguration]
    /// Between the grid and all connectors; nil where there is none.
    public var mainMeter: MainMeterConfiguration?
    /// Those whose health is told to others, in the order of the file.
    public var devices: [DeviceConfiguration]

    public init(
        connectors: [ConnectorConfiguration],
        readers: [ReaderConfiguration],
        mainMeter: MainMeterConfiguration? = nil,
        devices: [DeviceConfiguration] = []
    ) {
        self.connectors = connectors
        self.readers = readers
        self.mainMeter = mainMeter
        self.devices = devices
    }
}

/// One device and who drives it.
public struct DeviceConfiguration: Equatable, Sendable {
    public var device: Device
    /// As in the site's file.
    public var driver: String
    public var simulated: Bool
    /// What it cannot do by the way that it is built, for people; nil when that is nothing.
    public var remark: String?

    public init(device: Device, driver: String, simulated: Bool, remark: String? = nil) {
        self.device = device
        self.driver = driver
        self.simulated = simulated
        self.remark = remark
    }
}

/// The main meter. Devices and messages call it by the id 0, which is no connector (OCPP 1.6 §4.7).
public struct MainMeterConfiguration: Equatable, Sendable {
    public static let connectorId = 0

    /// Highest current of the grid connection, per phase, mA.
    public var ratedMilliamps: Int
    /// 1…3.
    public var phases: Int
    /// 1 for real meters. A simulated meter may count faster than time passes.
    public var energyTimeScale: Int

    public init(ratedMilliamps: Int, phases: Int, energyTimeScale: Int = 1) {
        self.ratedMilliamps = ratedMilliamps
        self.phases = phases
        self.energyTimeScale = energyTimeScale
    }

    /// A meter is judged by what flows through it, whatever it hangs on.
    var metered: ConnectorConfiguration {
        ConnectorConfiguration(
            connectorId: Self.connectorId,
            ratedMilliamps: ratedMilliamps,
            phases: phases,
            cable: .fixed,
            energyTimeScale: energyTimeScale
        )
    }
}

/// One connector.
public struct ConnectorConfiguration: Equatable, Sendable {
    /// How the cable ends at the charger.
    public enum Cable: Equatable, Sendable {
        /// Permanently attached: no lock, no proximity contact.
        case fixed
        /// A socket; with a lock or, where the law allows, without.
        case socket(lock: Bool)
    }

    /// Who owns pilot and contactor.
    public enum Front: Equatable, Sendable {
        /// This service: it measures the pilot, makes the offer and orders each move of the contactor.
        case parts
        /// A controller: it is told what it may, and closes and opens by itself (`ControllerOrder`).
        case controller
    }

    /// How the offer follows the temperature.
    public struct Derating: Equatable, Sendable {
        /// From here on less is offered, tenths of a degree Celsius.
        public var fromDecidegrees: Int
        /// From here on nothing is.
        public var endDecidegrees: Int

        public init(fromDecidegrees: Int = 600, endDecidegrees: Int = 800) {
            self.fromDecidegrees = fromDecidegrees
            self.endDecidegrees = endDecidegrees
        }
    }

    /// What one charger has and another has not.
    public struct Equipment: Equatable, Sendable {
        /// Who owns pilot and contactor.
        public var front: Front
        /// Whether a residual current device is there that can be tested before each closing.
        public var testsResidualCurrent: Bool
        /// Nil where no temperature is measured.
        public var derating: Derating?
        /// Whether there are lights.
        public var hasIndicator: Bool
        /// Whether a contactor of its own switches L2 and L3, so that a permit may leave one phase. Not with a controller.
        public var switchesPhases: Bool
        /// Whether something sees the voltage behind the contactor. Not with a controller.
        public var seesOutputVoltage: Bool

        public init(
            front: Front = .parts,
            testsResidualCurrent: Bool = false,
            derating: Derating? = nil,
            hasIndicator: Bool = false,
            switchesPhases: Bool = false,
            seesOutputVoltage: Bool = false
        ) {
            self.front = front
            self.testsResidualCurrent = testsResidualCurrent
            self.derating = derating
            self.hasIndicator = hasIndicator
            self.switchesPhases = switchesPhases
            self.seesOutputVoltage = seesOutputVoltage
        }
    }

    /// 1…n (OCPP 1.6 §3.8).
    public var connectorId: Int
    /// Highest current of installation, contactor and fixed cable, per phase, mA.
    public var ratedMilliamps: Int
    /// 1…3.
    public var phases: Int
    public var cable: Cable
    /// Whether state D (ventilation needed) may charge here.
    public var ventilated: Bool
    public var equipment: Equipment
    /// What happens when the lease of a permit ends without renewal.
    public var onPermitLost: PermitLossPolicy
    /// How long a charge goes on while the meter is lost. Zero where the meter bills by law.
    public var meterLossGrace: Duration
    /// The least time between two closings of the contactor, also after a start: its coil and contacts wear.
    public var contactorRest: Duration
    /// The most closings of the contactor within an hour.
    public var closingsPerHour: Int
    /// The step in which the meter's register counts, Wh; three steps that are not counted show that it stands still.
    public var registerStepWh: Int
    /// 1 for real meters. A simulated meter may count faster than time passes.
    public var energyTimeScale: Int

    public init(
        connectorId: Int,
        ratedMilliamps: Int,
        phases: Int,
        cable: Cable,
        ventilated: Bool = false,
        equipment: Equipment = Equipment(),
        onPermitLost: PermitLossPolicy = .openAtOnce,
        meterLossGrace: Duration = .seconds(60),
        contactorRest: Duration = .seconds(5),
        closingsPerHour: Int = 60,
        registerStepWh: Int = 10,
        energyTimeScale: Int = 1
    ) {
        self.connectorId = connectorId
        self.ratedMilliamps = ratedMilliamps
        self.phases = phases
        self.cable = cable
        self.ventilated = ventilated
        self.equipment = equipment
        self.onPermitLost = onPermitLost
        self.meterLossGrace = meterLossGrace
        self.contactorRest = contactorRest
        self.closingsPerHour = closingsPerHour
        self.registerStepWh = registerStepWh
        self.energyTimeScale = energyTimeScale
    }

    /// Whether a permit may leave one phase out of three.
    var switchesPhases: Bool { equipment.switchesPhases && phases == 3 && !isControlled }
    var seesOutputVoltage: Bool { equipment.seesOutputVoltage && !isControlled }
    var isControlled: Bool { equipment.front == .controller }
    var hasLock: Bool { cable == .socket(lock: true) }
    var hasSocket: Bool { cable != .fixed }
}

/// What hardware-io does when whoever granted a permit stops renewing it.
public enum PermitLossPolicy: Equatable, Sendable {
    /// No lease, no energy.
    case openAtOnce
    /// A running charge goes on for this long; nothing new begins.
    case continueFor(Duration)
}

/// One card reader.
public struct ReaderConfiguration: Equatable, Sendable {
    public var readerId: Int
    /// Connectors that a card here is meant for.
    public var connectorIds: [Int]
    public var format: IdTagFormat
    public var simulated: Bool

    public init(readerId: Int, connectorIds: [Int], format: IdTagFormat = IdTagFormat(), simulated: Bool = false) {
        self.readerId = readerId
        self.connectorIds = connectorIds
        self.format = format
        self.simulated = simulated
    }
}
