import BusSchema
import HardwareCore
import HardwareStorage
import SiteConfiguration

/// The drivers of what hangs at converters, at a PWM, and at lines that count.
enum AnalogDrivers {
    static let rows: [DriverRegistry.Row] = [
        DriverRegistry.Row(name: "pwm-pilot") { pilots, surroundings in
            try surroundings.settings(pilots, as: PWMPilotSettings.self).map { device, settings in
                try PilotDriver(
                    connectorId: connectorId(of: device),
                    settings,
                    loop: surroundings.loop,
                    log: surroundings.log
                )
            }
        },
        DriverRegistry.Row(name: "iio-proximity") { contacts, surroundings in
            try surroundings.settings(contacts, as: ProximityInputSettings.self).map { device, settings in
                try ProximityDriver(
                    connectorId: connectorId(of: device),
                    settings,
                    loop: surroundings.loop,
                    log: surroundings.log
                )
            }
        },
        DriverRegistry.Row(name: "s0-meter") { meters, surroundings in
            try surroundings.settings(meters, as: PulseMeterSettings.self).map { device, settings in
                try PulseMeterDriver(
                    connectorId: connectorId(of: device),
                    settings,
                    file: surroundings.pulseCount(of: device),
                    loop: surroundings.loop,
                    log: surroundings.log
                )
            }
        },
    ]

    private static func connectorId(of device: Device) -> Int {
        guard let connectorId = device.connectorId else {
            preconditionFailure("SiteDriver lets these drivers stand at connectors and the main meter only.")
        }
        return connectorId
    }
}
