import AnalogLines
import EventLoop
import HardwareCore
import HardwareDevices
import SiteConfiguration
import Synchronization

/// The generator of the control pilot: a PWM of the kernel. A thread that may wait writes to it, to the end.
final class PilotOutput: Sendable {
    private struct State {
        var output: PWMOutput?
        var isEnded = false
    }

    private let state = Mutex(State())
    private let settings: PWMOutputSettings
    private let generator: PilotGenerator
    private let system: String

    init(_ settings: PWMPilotSettings, system: String) {
        self.settings = settings.output
        generator = PilotGenerator(isInverted: settings.isInverted)
        self.system = system
    }

    /// Puts `signal` on the pilot. The first time, and after it was lost, the output is found and set up before that, steady at +12 V: it may still run
    /// as a process before left it.
    /// - Parameters:
    ///   - signal: What it carries from now on.
    ///   - isAnew: Set it up in any case.
    /// - Returns: Whether it was set up.
    /// - Throws: `SystemError`; then it counts as lost.
    func set(_ signal: PilotSignal, anew isAnew: Bool = false) throws(SystemError) -> Bool {
        let result: Result<Bool, SystemError> = state.withLock { state in
            guard !state.isEnded else { return .success(false) }
            do throws(SystemError) {
                if let output = state.output, !isAnew {
                    try write(generator.writes(for: signal), output)
                    return .success(false)
                }
                let output = try PWMOutput(chip: settings.chip, channel: settings.channel, system: system)
                let present = try Self.present(output)
                try write(generator.start(from: present) + generator.writes(for: signal), output)
                state.output = output
                return .success(true)
            } catch {
                state.output = nil
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The process ends: the pilot goes to -12 V, and stays there, because a PWM runs on without us. One that was lost is tried once more: it may carry an
    /// offer still.
    /// - Throws: `SystemError` when that cannot be done.
    func end() throws(SystemError) {
        let result: Result<Void, SystemError> = state.withLock { state in
            defer { state.isEnded = true }
            guard !state.isEnded else { return .success(()) }
            do throws(SystemError) {
                if let output = state.output {
                    try write(generator.writes(for: .f), output)
                } else {
                    let output = try PWMOutput(
                        chip: settings.chip,
                        channel: settings.channel,
                        system: system,
                        patience: .zero
                    )
                    try write(generator.start(from: try Self.present(output), with: .f), output)
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private static func present(_ output: PWMOutput) throws(SystemError) -> PilotGenerator.Present {
        PilotGenerator.Present(
            periodNanoseconds: try output.number("period"),
            dutyNanoseconds: try output.number("duty_cycle"),
            isOn: try output.number("enable") != 0
        )
    }

    private func write(_ writes: [PilotGenerator.Write], _ output: PWMOutput) throws(SystemError) {
        for write in writes { try output.write(write.attribute, write.text) }
    }
}
