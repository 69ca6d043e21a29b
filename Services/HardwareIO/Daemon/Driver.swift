import HardwareCore

/// The devices of some connectors and readers, real or simulated: takes commands, reports what happens.
///
/// A driver watches its descriptors and deadlines on the loop that it is made with, and never blocks it.
protocol Driver: AnyObject {
    /// Where it reports. Set before `start`; events arrive in the order in which they happened.
    var report: (DriverEvent) -> Void { get set }

    /// Opens the devices, and reports the position of everything that it can read.
    func start()

    /// Carries out one command, or begins to. What becomes of it is reported.
    func perform(_ command: DriverCommand)

    /// The process ends: everything that must survive is stored.
    func stop()
}
