import BusSchema
import HardwareCore
import HardwareSimulation
import JSON
import SiteConfiguration

/// The site's file as this service understands it.
struct HardwareSettings {
    var hardware: HardwareConfiguration
    /// Every device, in the order of the file.
    var assignments: [DeviceAssignment]
    /// Connectors and readers that have simulated devices; nil when every device is real.
    var simulation: SimulationConfiguration?
    /// Whether the simulated world outlives the process.
    var keepsSimulation: Bool

    /// Reads what belongs to hardware-io.
    /// - Parameters:
    ///   - site: The site's file.
    ///   - seed: Of the noise in simulated readings.
    /// - Throws: A `SiteFileError` that names the value that does not fit.
    init(_ site: SiteFile, seed: UInt64) throws(SiteFileError) {
        let section = try site.simulation()
        let connectorSections = try site.connectors()
        let readerSections = try site.readers()
        let mainMeterSection = try site.mainMeter()
        let connectors = connectorSections.map { Self.connector($0, energyTimeScale: section.energyTimeScale) }
        let readers = readerSections.map(Self.reader)
        let mainMeter = mainMeterSection.map { Self.mainMeter($0, energyTimeScale: section.energyTimeScale) }
        assignments =
            connectorSections.flatMap { connector in
                connector.devices.map {
                    DeviceAssignment(device: Self.device($0.device, of: connector.id), choice: $0.choice)
                }
            } + (mainMeterSection.map { [DeviceAssignment(device: Self.mainMeter, choice: $0.meter)] } ?? [])
            + readerSections.map { DeviceAssignment(device: .reader(readerId: $0.id), choice: $0.driver) }
        hardware = HardwareConfiguration(
            connectors: connectors,
            readers: readers,
            mainMeter: mainMeter,
            devices: assignments.map {
                DeviceConfiguration(
                    device: $0.device,
                    driver: $0.choice.driver,
                    simulated: $0.isSimulated,
                    remark: GPIODrivers.remark($0.choice, of: site)
                )
            }
        )
        let simulated = Set(assignments.lazy.filter(\.isSimulated).map(\.device))
        if !simulated.isEmpty {
            simulation = SimulationConfiguration(
                connectors: connectors.filter { connector in
                    simulated.contains { $0.connectorId == connector.connectorId }
                },
                readerIds: readers.map(\.readerId).filter { simulated.contains(.reader(readerId: $0)) },
                seed: seed,
                nominalMillivolts: section.voltageVolts * 1000,
                noise: section.noise ? SimulatedNoise() : .none,
                measurands: section.measurands.map { Set($0.map(MeterQuantity.Measurand.init(rawValue:))) }
                    ?? SimulationConfiguration.standardMeasurands,
                mainMeter: simulated.contains(Self.mainMeter) ? mainMeter : nil
            )
        }
        keepsSimulation = section.persistState
    }

    /// What is real, or simulated.
    var simulatedDevices: [Device] { assignments.filter(\.isSimulated).map(\.device) }
    var realDevices: [Device] { assignments.filter { !$0.isSimulated }.map(\.device) }

    /// What does not happen here because all that it takes is simulated, for people; nil where something real does each of it.
    var unreal: String? { Self.unreal(simulated: simulatedDevices, real: realDevices) }

    static func unreal(simulated: [Device], real: [Device]) -> String? {
        func lacks(_ isOfThat: (Device) -> Bool) -> Bool {
            simulated.contains(where: isOfThat) && !real.contains(where: isOfThat)
        }
        let all = [
            lacks { $0.switchesEnergy } ? "no energy flows" : nil,
            lacks { if case .reader = $0 { true } else { false } } ? "no card is real" : nil,
        ]
        let words = all.compactMap(\.self).joined(separator: ", ")
        return words.isEmpty ? nil : words
    }

    /// Whether a device of the same connector is simulated.
    func isMixed(_ device: Device) -> Bool {
        guard let connectorId = device.connectorId else { return false }
        return simulatedDevices.contains { $0.connectorId == connectorId }
    }

    /// What it would drive, for people: a line for each device.
    var summary: [String] {
        zip(assignments, hardware.devices).map { assignment, device in
            let words = "\(device.device.name): \(device.device), driven by \(assignment.choice.driver)"
            return words + (device.remark.map { ", \($0)" } ?? "")
        }
    }

    private static let mainMeter = Device.meter(connectorId: MainMeterConfiguration.connectorId)

    private static func device(_ kind: SiteDevice, of connectorId: Int) -> Device {
        switch kind {
        case .pilot: .pilot(connectorId: connectorId)
        case .proximity: .proximity(connectorId: connectorId)
        case .contactor: .contactor(connectorId: connectorId)
        case .phaseContactor: .phaseContactor(connectorId: connectorId)
        case .outputVoltage: .outputVoltage(connectorId: connectorId)
        case .meter: .meter(connectorId: connectorId)
        case .lock: .lock(connectorId: connectorId)
        case .residualCurrent: .residualCurrent(connectorId: connectorId)
        case .emergencyStop: .emergencyStop(connectorId: connectorId)
        case .temperature: .temperature(connectorId: connectorId)
        case .indicator: .indicator(connectorId: connectorId)
        case .controller: .controller(connectorId: connectorId)
        case .reader: preconditionFailure("A reader is no device of a connector.")
        }
    }

    private static func connector(_ section: ConnectorSection, energyTimeScale: Int) -> ConnectorConfiguration {
        let onPermitLost: PermitLossPolicy =
            switch section.onPermitLost.action {
            case .open: .openAtOnce
            case .continue: .continueFor(.seconds(section.onPermitLost.graceSeconds))
            }
        let cable: ConnectorConfiguration.Cable =
            switch section.cable {
            case .fixed: .fixed
            case .socket: .socket(lock: section.lock != nil)
            }
        return ConnectorConfiguration(
            connectorId: section.id,
            ratedMilliamps: section.maximumCurrentAmps * 1000,
            phases: section.phases,
            cable: cable,
            ventilated: section.allowVentilation,
            equipment: equipment(section),
            onPermitLost: onPermitLost,
            meterLossGrace: .seconds(section.meterLossGraceSeconds),
            contactorRest: .seconds(section.contactorRestSeconds),
            energyTimeScale: section.meter.driver == DriverChoice.simulated ? energyTimeScale : 1
        )
    }

    private static func equipment(_ section: ConnectorSection) -> ConnectorConfiguration.Equipment {
        ConnectorConfiguration.Equipment(
            front: section.controller == nil ? .parts : .controller,
            testsResidualCurrent: section.further.residualCurrent != nil && section.further.residualCurrentTest,
            derating: section.further.temperature.flatMap { choice in
                // A switch that trips measures nothing.
                guard choice.driver != GPIODrivers.input else { return nil }
                return ConnectorConfiguration.Derating(
                    fromDecidegrees: section.further.deratingCelsius * 10,
                    endDecidegrees: section.further.hottestCelsius * 10
                )
            },
            hasIndicator: section.further.indicator != nil,
            switchesPhases: section.further.phaseContactor != nil,
            seesOutputVoltage: section.further.outputVoltage != nil
        )
    }

    private static func mainMeter(_ section: MainMeterSection, energyTimeScale: Int) -> MainMeterConfiguration {
        MainMeterConfiguration(
            ratedMilliamps: section.maximumCurrentAmps * 1000,
            phases: section.phases,
            energyTimeScale: section.meter.driver == DriverChoice.simulated ? energyTimeScale : 1
        )
    }

    private static func reader(_ section: ReaderSection) -> ReaderConfiguration {
        let byteOrder: IdTagFormat.ByteOrder =
            switch section.byteOrder {
            case .normal: .normal
            case .reversed: .reversed
            }
        let notation: IdTagFormat.Notation =
            switch section.format {
            case .hex: .hexadecimal
            case .decimal: .decimal
            }
        return ReaderConfiguration(
            readerId: section.id,
            connectorIds: section.connectorIds,
            format: IdTagFormat(
                byteOrder: byteOrder,
                notation: notation,
                letterCase: section.letterCase == .lower ? .lower : .upper,
                decimalDigits: section.decimalDigits,
                prefix: section.prefix
            ),
            simulated: section.driver.driver == DriverChoice.simulated
        )
    }
}

extension Device {
    fileprivate var switchesEnergy: Bool {
        switch self {
        case .contactor, .controller: true
        default: false
        }
    }
}
