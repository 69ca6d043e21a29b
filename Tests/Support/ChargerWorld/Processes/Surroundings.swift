import Primitives
import Storage

/// What every process works with.
struct Surroundings {
    let settings: WorldSettings
    let timeline: Timeline
    let clock: MachineClock
    let notebook: Notebook
    let bus: BusModel
    let network: NetworkModel
    let disks: Disks
    let devices: Devices
    let auditor: Auditor

    func log(_ who: StaticString, _ record: LogRecord) {
        notebook.note(who, record)
        // A fault is a bug of ours by definition.
        if record.level == .fault { notebook.violate("\(who) logs a fault: \(record)") }
    }
}

/// The process of one service: its core, and what its daemon does around it.
protocol ServiceProcess: AnyObject {
    var isAlive: Bool { get }
    /// The core is there, with what it found on its disk.
    /// - Throws: `StorageError` when the disk cannot be read; the process ends then.
    func start() throws(StorageError)
    /// It is told that everything around it is ready.
    func begin()
    /// It is asked to end.
    func askToEnd()
    /// It is gone. `hasPower` is whether the kernel can still say goodbye for it.
    func die(hasPower: Bool)
}
