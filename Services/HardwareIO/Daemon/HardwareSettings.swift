import BusSchema
import HardwareCore
import HardwareSimulation
import JSON
import SiteConfiguration

/// The site's file as this service understands it.
struct HardwareSettings {
    var hardware: HardwareConfiguration
    /// The part of it that is simulated; nil when every device is real.
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
        let choices =
            connectorSections.flatMap(\.drivers) + readerSections.map(\.driver)
            + (mainMeterSection.map { [$0.meter] } ?? [])
        let connectors = connectorSections.map { Self.connector($0, energyTimeScale: section.energyTimeScale) }
        let readers = readerSections.map(Self.reader)
        let mainMeter = mainMeterSection.map { Self.mainMeter($0, energyTimeScale: section.energyTimeScale) }
        hardware = HardwareConfiguration(connectors: connectors, readers: readers, mainMeter: mainMeter)
        if choices.contains(where: { $0.driver == DriverChoice.simulated }) {
            simulation = SimulationConfiguration(
                connectors: connectors,
                readerIds: readers.map(\.readerId),
                seed: seed,
                nominalMillivolts: section.voltageVolts * 1000,
                noise: section.noise ? SimulatedNoise() : .none,
                measurands: section.measurands.map { Set($0.map(MeterQuantity.Measurand.init(rawValue:))) }
                    ?? SimulationConfiguration.standardMeasurands,
                mainMeter: mainMeter
            )
        }
        keepsSimulation = section.persistState
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
            onPermitLost: onPermitLost,
            meterLossGrace: .seconds(section.meterLossGraceSeconds),
            contactorRest: .seconds(section.contactorRestSeconds),
            energyTimeScale: section.meter.driver == DriverChoice.simulated ? energyTimeScale : 1
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
