import EventLoop
import Glibc
import ModemSimulation
import Primitives

/// `modem-simulator --control SOCKET [--network PROGRAM] PORT [DATA-PORT]`: a simulated modem on pseudo-terminals with these names, until it is told to
/// end. PROGRAM is what answers its calls.
final class Simulator {
    private let loop: EventLoop
    private var modem = SimulatedModem()
    private var ports: [SimulatedPort] = []
    private var listener: TCPListener?
    private var network: SimulatedNetworkEnd?
    private let control: String

    init(_ options: Options) throws {
        loop = try EventLoop()
        control = options.control
        for (number, name) in options.ports.enumerated() {
            let port = SimulatedPort(name: name, loop: loop) { [unowned self] bytes in
                perform(modem.receive(bytes, on: number, at: EventLoop.uptime()))
            }
            port.plug()
            ports.append(port)
        }
        if let program = options.network {
            network = SimulatedNetworkEnd(program: program, path: control + ".network", loop: loop) {
                [unowned self] bytes in
                perform(modem.fromNetwork(bytes))
            } onHangUp: { [unowned self] in
                perform(modem.dropCall())
            }
        }
        loop.addDeadlineSource(next: { [unowned self] in
            Deadline(at: modem.nextDeadline, for: "something happens to the modem")
        }) { [unowned self] moment in
            perform(modem.advance(to: moment.uptime))
        }
        _ = modem.advance(to: EventLoop.uptime())
        try listen()
    }

    private func listen() throws {
        guard let address = SocketAddress(path: control) else { throw Failure(reason: "\(control) is too long") }
        _ = unlink(control)
        listener = try TCPListener(on: address, loop: loop) { [unowned self] _ in
            var pending: [UInt8] = []
            return { [unowned self] connection, event in
                switch event {
                case .received(let bytes):
                    pending += bytes
                    while let end = pending.firstIndex(of: 0x0A) {
                        let (answer, effects) = modem.control(
                            String(decoding: pending[..<end], as: UTF8.self),
                            at: EventLoop.uptime()
                        )
                        pending.removeFirst(end + 1)
                        perform(effects)
                        _ = connection.write(Array((answer + "\n").utf8))
                    }
                case .endReached: connection.closeAfterWriting()
                case .connected, .drained, .closed: return
                }
            }
        }
    }

    func run() throws {
        loop.onTermination = { [unowned self] in
            network?.follow(isInCall: false)
            for port in ports { port.unplug() }
            listener?.close()
            _ = unlink(control)
            loop.stop()
        }
        try loop.run()
    }

    private func perform(_ effects: [SimulatedModem.Effect]) {
        for effect in effects {
            switch effect {
            case .carry(let bytes): network?.send(bytes)
            case .send(let bytes, let port): if ports.indices.contains(port) { ports[port].send(bytes) }
            case .unplug: for port in ports { port.unplug() }
            case .plug: for port in ports { port.plug() }
            }
        }
        network?.follow(isInCall: modem.isInCall)
    }
}

struct Failure: Error {
    let reason: String
}

/// What the command line says; nil for a wrong one.
struct Options {
    let control: String
    var network: String?
    let ports: [String]

    init?(_ words: [String]) {
        guard words.count >= 3, words[0] == "--control" else { return nil }
        control = words[1]
        let hasNetwork = words.count > 4 && words[2] == "--network"
        if hasNetwork { network = words[3] }
        ports = Array(words.dropFirst(hasNetwork ? 4 : 2))
    }
}

let words = Array(CommandLine.arguments.dropFirst())
guard let options = Options(words) else {
    print(
        """
        usage: modem-simulator --control SOCKET [--network PROGRAM] PORT [DATA-PORT]

        PROGRAM is run with a terminal at the beginning of each call, and is the network there (pppd).

        Orders, a line each, to the socket:
        \(SimulatedModem.help)
        """
    )
    exit(words == ["--help"] ? 0 : 2)
}
do {
    try Simulator(options).run()
} catch {
    print("modem-simulator: \(error)")
    exit(1)
}
