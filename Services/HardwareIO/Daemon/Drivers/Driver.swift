import HardwareCore

/// Who drives some devices, real or simulated: takes orders, reports what happens.
///
/// A driver watches its descriptors and deadlines on the loop that it is made with, and never blocks it; what cannot be asked without blocking
/// is done by a `WorkThread`, which hands over values. One driver owns a port with everything on it.
///
/// Its duties: it opens its port anew for ever. It reports `deviceRecovered` when a device answers for the first time or again, and `deviceLost`
/// when it does not. What was ordered while a device was away is carried out when it is back, or superseded; an order to close is never
/// kept. An opened contactor comes first.
protocol Driver: AnyObject {
    /// What it drives. Orders for these come to it alone, and nobody else reports of them.
    var devices: [Device] { get }

    /// Where it reports, and when a reading was taken (uptime; nil for now). Set before `start`; events are told in the order in which they
    /// happened.
    var report: (DriverEvent, Duration?) -> Void { get set }

    /// Opens the devices, and reports the position of everything that it can read. Orders may come before.
    func start()

    /// Carries out one order, or begins to. What becomes of it is reported.
    func perform(_ command: DriverCommand)

    /// The process ends now, in whatever state: the devices are left in their safe state, and what must survive is stored. Called once.
    func stop()
}
