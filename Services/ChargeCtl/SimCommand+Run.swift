internal import Bus
internal import BusSchema
internal import Glibc
internal import JSON
internal import Storage

extension SimCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        switch try parse(words) {
        case .hardware(let request): Output.line(try session.ask(request).world)
        case .uplink(let request):
            _ = try session.ask(request)
            let name = request.name ?? "every simulated uplink"
            if let isUp = request.up { Output.line("\(name) is \(isUp ? "mended" : "cut")") }
            if let percent = request.signalPercent { Output.line("\(name) measures \(percent) %") }
        case .powerCut: try cutPower(session)
        }
        return .done
    }

    /// What a power cut does to processes: all of them end at once, without a chance to write anything. When they are started again, the
    /// machine has booted.
    private static func cutPower(_ session: Session) throws {
        let services = try session.gatherStates(of: session.runningServices(), topics: []).values.filter {
            $0.header.type == Announce.type
        }
        guard services.contains(where: { $0.payload["simulated"]?.asBool == true }) else {
            throw Failure(
                status: .refused,
                message: "no simulated hardware is running here; the power of a real charger stays on"
            )
        }
        do throws(SmallFileError) {
            try SimulatedPowerCuts(runtimeFolder: session.directory.path).add()
        } catch {
            throw Failure(status: .refused, message: "the power cut could not be noted for the next start: \(error)")
        }
        for service in services {
            guard let pid = service.payload["pid"]?.asInt,
                session.directory.presence(of: service.header.source) == .running
            else { continue }
            kill(pid_t(pid), SIGKILL)
            Output.line("\(service.header.source) (pid \(pid)) killed")
        }
    }
}
