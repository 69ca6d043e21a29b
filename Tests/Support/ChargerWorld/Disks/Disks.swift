import Glibc
import Primitives
import SimulatedDisk
import Storage

/// The disks of the services, and everything that may go wrong when they are used.
///
/// What lies on them is what the real journal and the real documents make of a simulated file system. What was written survives the death of a
/// process; only what was forced to the platter survives a power cut, and of the rest each block is there, lost or torn.
final class Disks {
    let gateway: GatewayDisk
    let config: ConfigDisk
    /// Writes of each service since the world began.
    private(set) var writes = PerService(0)
    /// Those of them that failed.
    private(set) var failedWrites = PerService(0)
    /// A fault that ends the process strikes.
    var strike: (PersistFault.Kind, Service) -> Void = { _, _ in }
    /// Something could not be stored.
    var whenFailed: () -> Void = {}

    private let notebook: Notebook
    private var faults: [PersistFault] = []
    /// Writes of each service that still fail.
    private var failing = PerService(0)

    init(seed: UInt64, _ notebook: Notebook) {
        gateway = GatewayDisk(SimulatedDisk(seed: seed, folders: [GatewayDisk.folder]), notebook)
        config = ConfigDisk(SimulatedDisk(seed: seed &+ 1, folders: [ConfigDisk.folder]), notebook)
        self.notebook = notebook
    }

    private var all: [SimulatedDisk] { [gateway.files, config.files] }

    private func files(of service: Service) -> SimulatedDisk { service == .config ? config.files : gateway.files }

    /// Calls of a service to its file system since the world began.
    func calls(of service: Service) -> Int { files(of: service).callCount }

    // MARK: - What may go wrong

    /// Makes something go wrong at a write.
    func add(_ fault: PersistFault) { faults.append(fault) }

    /// Makes something go wrong at the next write.
    func addNext(_ kind: PersistFault.Kind, of service: Service) {
        add(PersistFault(kind, at: writes[service] + 1, of: service))
    }

    /// From now on there is no room on any disk, or room again.
    func setFull(_ isFull: Bool) {
        notebook.note("world", isFull ? "the disks are full" : "the disks have room")
        for files in all { files.capacityBytes = isFull ? files.usedBytes : nil }
        if isFull { whenFailed() }
    }

    /// From now on nothing can be changed on any disk, or it can again.
    func setReadOnly(_ isReadOnly: Bool) {
        notebook.note("world", isReadOnly ? "the disks are mounted read-only" : "the disks are mounted writable")
        for files in all { files.isReadOnly = isReadOnly }
        if isReadOnly { whenFailed() }
    }

    /// Has a call of a service to its disk fail, or heals the disk.
    func plan(_ fault: DiskFault?, of service: Service) {
        notebook.note("world", "the disk of \(service) has \(fault.map { "\($0)" } ?? "no fault any more")")
        guard let fault else { return files(of: service).heal() }
        files(of: service).plan(fault)
        whenFailed()
    }

    /// From here on every write succeeds.
    func endFaults() {
        faults = []
        failing = PerService(0)
        for files in all {
            files.capacityBytes = nil
            files.isReadOnly = false
            files.heal()
        }
    }

    /// The power of the machine goes.
    func losePower() {
        gateway.losePower()
        config.files.losePower()
    }

    /// Cuts the power of the whole machine when that is what a call to a disk was to bring. Returns whether it was.
    @discardableResult
    func noticePowerCut() -> Bool {
        guard all.contains(where: \.isPowerOff) else { return false }
        strike(.powerCut(isWritten: false, lasting: .seconds(20)), .gateway)
        return true
    }

    // MARK: - Writes

    /// One write of a service, with whatever goes wrong at it. Returns why it was not done; its process may be dead afterwards.
    func write(of service: Service, _ body: () throws(StorageError) -> Void) -> String? {
        writes[service] += 1
        let number = writes[service]
        let fault = faults.first { $0.service == service && $0.number == number }?.kind
        switch fault {
        case .diskFull(let count): failing[service] = count
        case .kill(isWritten: false)?, .powerCut(isWritten: false, _)?:
            if let fault { strike(fault, service) }
            return "the process is dead"
        case .kill, .powerCut, nil: break
        }
        let problem = failingIfPlanned(service, body)
        if noticePowerCut() { return "the process is dead" }
        if let problem {
            failedWrites[service] += 1
            notebook.note("world", "a write of \(service) fails: \(problem)")
            whenFailed()
            return problem
        }
        switch fault {
        case .kill?, .powerCut?: if let fault { strike(fault, service) }
        case .diskFull, nil: break
        }
        return nil
    }

    private func failingIfPlanned(_ service: Service, _ body: () throws(StorageError) -> Void) -> String? {
        let isFailing = failing[service] > 0
        if isFailing {
            failing[service] -= 1
            let full = DiskFault.Effect.error(Errno(ENOSPC))
            files(of: service).plan(DiskFault(call: 1, kinds: [.write], effect: full, lasting: .fromThenOn))
        }
        defer { if isFailing { files(of: service).heal() } }
        do throws(StorageError) {
            try body()
            return nil
        } catch {
            return error.description
        }
    }
}
