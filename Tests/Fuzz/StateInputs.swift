import BusSchema
import ConfigCore
import GatewayCore
import GatewayStorage
import HardwareCore
import JSON
import OCPP
import Primitives
import SimulatedDisk
import Storage

/// What services stored: files are sound and their bodies are the input. A service that reads them starts and goes on, whatever they say;
/// else it would end at every start, with the bad state locked in.
enum StateInputs {
    private static let start = Moment(
        uptime: .seconds(100),
        utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
    )

    /// Each line is a record of the transaction journal.
    static func readTransactions(_ bytes: [UInt8]) {
        let disk = SimulatedDisk(seed: 1)
        let path = "/state/transactions.journal"
        let options = Journal.Options(
            path: path,
            magic: "OCPPTXNS",
            formatVersion: 1,
            maximumRecordBytes: 256 << 10
        )
        write(bytes.split(separator: 0x0A).map(Array.init), options, on: disk)
        do {
            let journal = try TransactionJournal(directory: "/state", files: disk) { _ in }
            _ = journal.load(QueueQuery(afterSequence: 0, limit: 100))
            run(gateway(Documents(), journal.restored))
        } catch {
            fatalError("The transactions cannot be used: \(error)")
        }
    }

    /// The first byte chooses the kind of document.
    static func readGatewayDocument(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let kind = Documents.kinds[Int(first) % Documents.kinds.count]
        let disk = SimulatedDisk(seed: 1)
        var document = AtomicDocument(
            path: "/state/" + kind.name,
            magic: kind.magic,
            formatVersion: kind.formatVersion,
            files: disk
        )
        do { try document.save(Array(bytes.dropFirst())) } catch { fatalError("No room: \(error)") }
        run(gateway(DocumentFiles(directory: "/state", files: disk) { _ in }.load(), TransactionLedger()))
    }

    static func readHardwareMemory(_ bytes: [UInt8]) {
        guard let memory = try? JSON.decode(HardwareMemory.self, from: bytes) else { return }
        let connectors = [
            ConnectorConfiguration(connectorId: 1, ratedMilliamps: 32_000, phases: 1, cable: .fixed),
            ConnectorConfiguration(connectorId: 2, ratedMilliamps: 32_000, phases: 3, cable: .socket(lock: true)),
        ]
        var machine = HardwareMachine(
            configuration: HardwareConfiguration(connectors: connectors, readers: []),
            bootId: "boot",
            memory: memory,
            at: start
        )
        _ = machine.handle(.started, at: start)
        let sample = MeterSample(
            energyWh: 1000,
            powerW: 0,
            voltageMillivolts: [230_000],
            currentMilliamps: [0],
            frequencyMillihertz: 50_000
        )
        for id in machine.connectorIds { _ = machine.handle(.driver(.meterRead(connectorId: id, sample)), at: start) }
        run(machine)
    }

    /// Each line is a record of the settings.
    static func readSettings(_ bytes: [UInt8]) {
        var machine = ConfigMachine()
        for line in bytes.split(separator: 0x0A) {
            guard let change = try? JSON.decode(StoredChange.self, from: Array(line)) else { continue }
            _ = machine.restore(change)
            _ = machine.needs(change)
        }
        let key = KeyDeclaration(
            key: "Key",
            type: .integer,
            defaultValue: "1",
            access: .readWrite,
            description: "Anything."
        )
        let declare = ConfigDeclare(owner: .ocppGateway, keys: [key])
        _ = machine.handle(.declareRequested(RequestID(1), declare, from: .ocppGateway), at: start)
        let set = ConfigSet(key: "Key", value: "2")
        _ = machine.handle(.setRequested(RequestID(2), set, from: .ocppGateway, secret: nil), at: start)
        _ = machine.handle(.historyRequested(RequestID(3), ConfigHistory()), at: start)
    }

    // MARK: - Around them

    private static let table: OCPPKeyTable = {
        let site = KeySite(numberOfConnectors: 1, fixedCable: true, phases: 3)
        guard let table = try? OCPPKeyTable(site: site) else { fatalError("The factory's table is sound.") }
        return table
    }()

    private static func write(_ records: [[UInt8]], _ options: Journal.Options, on disk: SimulatedDisk) {
        do {
            let opened = try Journal.open(options, files: disk) { _ in }
            for record in records { try opened.journal.append(record, durability: .batched) }
            try opened.journal.flush()
        } catch {
            fatalError("No room: \(error)")
        }
        disk.killProcesses()
    }

    private static func gateway(_ documents: Documents, _ restored: TransactionLedger) -> GatewayMachine {
        let connector = ChargingConfiguration.Connector(
            id: 1,
            fixedCable: true,
            hasLock: false,
            ratedMilliamps: 32_000,
            phases: 3
        )
        var machine = GatewayMachine(
            configuration: GatewayConfiguration(
                profile: ConnectionProfile(url: "ws://cs.example/CP1", host: "cs.example", port: 80, identity: "CP1"),
                bootNotification: BootNotification.Request(chargePointVendor: "Vendor", chargePointModel: "Model"),
                callTimeout: .seconds(30),
                charging: ChargingConfiguration(connectors: [connector], machineBootId: "boot", clockIsTrusted: true)
            ),
            table: table,
            documents: documents,
            restored: restored,
            seed: 5,
            at: start
        )
        _ = machine.handle(.started, at: start)
        return machine
    }

    /// Lets some deadlines pass, each later than the one before or gone in the end.
    private static func run(_ machine: some Machine) {
        var machine = machine
        var moment = start
        var repeated = 0
        for _ in 0..<30 {
            guard let due = machine.nextDeadline else { return }
            repeated = due.at <= moment.uptime ? repeated + 1 : 0
            precondition(repeated < 20, "It wakes up without end: \(due)")
            moment = moment.advanced(by: max(.zero, due.at - moment.uptime))
            _ = machine.deadlineReached(at: moment)
        }
    }
}
