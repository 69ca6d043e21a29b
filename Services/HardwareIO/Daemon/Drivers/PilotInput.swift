import AnalogLines
import EventLoop
import HardwareDevices
import SiteConfiguration

/// The control pilot as converters measure it. Used on the thread that samples it.
enum PilotInput {
    /// Finds the converters.
    /// - Parameters:
    ///   - settings: Of the pilot.
    ///   - system: Where sysfs is.
    /// - Returns: What samples the pilot once: both half-waves from their detectors, or a burst of the pilot itself.
    /// - Throws: `SystemError` when a converter is not there.
    static func open(
        _ settings: PWMPilotSettings,
        system: String
    ) throws(SystemError) -> () throws(SystemError) -> PilotSample {
        let (positive, high) = try converter(settings.positive, system)
        guard let negative = settings.negative else {
            let count = settings.burst
            return { () throws(SystemError) in
                var raw: [Int] = []
                raw.reserveCapacity(count)
                for _ in 0..<count { raw.append(try positive.read()) }
                guard let sample = PilotSample(burst: raw.map { high.millivolts(raw: $0) }) else {
                    preconditionFailure("The settings ask for samples.")
                }
                return sample
            }
        }
        let (detector, low) = try converter(negative, system)
        return { () throws(SystemError) in
            PilotSample(
                highMillivolts: high.millivolts(raw: try positive.read()),
                lowMillivolts: low.millivolts(raw: try detector.read())
            )
        }
    }

    private static func converter(
        _ settings: AnalogInputSettings,
        _ system: String
    ) throws(SystemError) -> (AnalogInput, PilotCalibration) {
        let input = try AnalogInput(device: settings.device, channel: settings.channel, system: system)
        let calibration = PilotCalibration(
            rawOffset: input.rawOffset,
            nanovoltsPerStep: input.nanovoltsPerStep,
            numerator: settings.numerator,
            denominator: settings.denominator,
            offsetMillivolts: settings.offsetMillivolts
        )
        return (input, calibration)
    }
}
