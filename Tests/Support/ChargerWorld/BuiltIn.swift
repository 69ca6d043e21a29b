import GatewayCore
import HardwareCore
import HardwareSimulation
import OCPP
import Primitives

/// What kind of charger it is, in the words of each core.
enum BuiltIn {
    private static func connectors(_ settings: WorldSettings) -> [ConnectorConfiguration] {
        // Every third world tests its residual current device before each closing, and measures how warm it is.
        var equipment =
            settings.seed.isMultiple(of: 3)
            ? ConnectorConfiguration.Equipment(testsResidualCurrent: true, derating: .init()) : .init()
        equipment.switchesPhases = settings.switchesPhases
        equipment.seesOutputVoltage = settings.switchesPhases
        return (1...settings.connectors).map {
            ConnectorConfiguration(
                connectorId: $0,
                ratedMilliamps: WorldSettings.ratedMilliamps,
                phases: settings.phases,
                cable: settings.hasLock ? .socket(lock: true) : .fixed,
                equipment: equipment,
                onPermitLost: settings.onPermitLost
            )
        }
    }

    static func hardware(_ settings: WorldSettings) -> HardwareConfiguration {
        let all = Array(1...settings.connectors)
        return HardwareConfiguration(
            connectors: connectors(settings),
            readers: [ReaderConfiguration(readerId: 1, connectorIds: all, simulated: true)]
        )
    }

    static func devices(_ settings: WorldSettings) -> SimulationConfiguration {
        SimulationConfiguration(
            connectors: connectors(settings),
            readerIds: [1],
            seed: settings.seed,
            firstRegisterWh: 1_000_000
        )
    }

    static func site(_ settings: WorldSettings) -> KeySite {
        KeySite(
            numberOfConnectors: settings.connectors,
            fixedCable: !settings.hasLock,
            phases: settings.phases,
            defaults: settings.keys
        )
    }

    static func gateway(_ settings: WorldSettings, _ clock: MachineClock) -> GatewayConfiguration {
        let connectors = (1...settings.connectors).map {
            ChargingConfiguration.Connector(
                id: $0,
                fixedCable: !settings.hasLock,
                hasLock: settings.hasLock,
                ratedMilliamps: WorldSettings.ratedMilliamps,
                phases: settings.phases
            )
        }
        let identity = WorldSettings.identity
        return GatewayConfiguration(
            profile: ConnectionProfile(
                url: "ws://cs.example/\(identity)",
                host: "cs.example",
                port: 80,
                identity: identity
            ),
            bootNotification: BootNotification.Request(chargePointVendor: "Vendor", chargePointModel: "Model"),
            callTimeout: WorldSettings.callTimeout,
            charging: ChargingConfiguration(
                connectors: connectors,
                powerLoss: settings.powerLoss,
                permitLease: WorldSettings.permitLease,
                machineBootId: "boot \(clock.boot)",
                clockIsTrusted: HostClock(isSynchronised: false, realTimeClock: clock.moment.utc).isTrusted(
                    at: clock.moment.utc
                )
            )
        )
    }
}
